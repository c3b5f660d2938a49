import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { isRunning } from '../support/is-running.ts';

/** One machine of the network: a namespace with one link and one address. */
export interface Machine {
  readonly name: string;
  /** In 10.90.0.0/24. */
  readonly address: string;
}

const execFileAsync = promisify(execFile);
/** Namespaces carry the pid of the process that made them: those of a run that crashed can be told from others. */
const NAMESPACE_NAME = /^understudy-(\d+)-[a-z0-9]+$/;
/** The namespace of the bridge that all links end in. */
const SWITCH = 'switch';
const DISABLED = '0';
const FORWARDING = '3';

/**
 * Machines that only see each other: a network namespace each, joined by a bridge in a namespace of its own. The
 * machine that the tests run on has no address here and no route to it. Needs root, iproute2 and iptables.
 *
 *     one ── eth0 ┐
 *     two ── eth0 ┼── bridge        cut(two): the bridge's port of two takes and gives nothing
 *     …   ── eth0 ┘
 */
export class Network {
  private readonly machines: ReadonlyMap<string, Machine>;

  /** Makes it, after what a crashed run may have left. Throws, and leaves nothing, where that fails. */
  static create(machines: readonly Machine[]): Network {
    removeLeftovers();
    const network = new Network(machines);
    try {
      network.build();
    } catch (error) {
      network.remove();
      throw error;
    }
    return network;
  }

  private constructor(machines: readonly Machine[]) {
    this.machines = new Map(machines.map((machine) => [machine.name, machine]));
  }

  address(machine: string): string {
    const found = this.machines.get(machine);
    if (found === undefined) throw new Error(`there is no machine ${machine}`);
    return found.address;
  }

  /** What stands in front of a command line that is to run on a machine. The command becomes that very process. */
  on(machine: string): readonly string[] {
    return ['ip', 'netns', 'exec', namespace(machine)];
  }

  /** Runs a short command on a machine; resolves to what it printed, rejects where it fails. */
  async run(machine: string, ...command: string[]): Promise<string> {
    const [program = '', ...rest] = [...this.on(machine), ...command];
    return (await execFileAsync(program, rest)).stdout;
  }

  /** From now on, all packets from and to it vanish: no reset, no FIN, no carrier that goes. */
  cut(machine: string): void {
    setPort(machine, DISABLED);
  }

  mend(machine: string): void {
    setPort(machine, FORWARDING);
  }

  /** Bytes that `to` has received from `from` since the network was made, with their IP and TCP headers. */
  async bytesBetween(from: string, to: string): Promise<number> {
    const rules = await this.run(to, 'iptables', '--wait', '-nvxL', 'INPUT');
    const address = this.address(from);
    const columns = rules
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .find((line) => line.includes(address));
    return Number(columns?.[1] ?? Number.NaN);
  }

  /** Ends what still runs in it, and takes it down. */
  remove(): void {
    for (const name of [...this.machines.keys(), SWITCH]) removeNamespace(namespace(name));
  }

  private build(): void {
    for (const name of [...this.machines.keys(), SWITCH]) {
      ip('netns', 'add', namespace(name));
      ip('-n', namespace(name), 'link', 'set', 'lo', 'up');
    }
    const bridge = namespace(SWITCH);
    ip('-n', bridge, 'link', 'add', 'bridge', 'type', 'bridge');
    ip('-n', bridge, 'link', 'set', 'bridge', 'up');
    for (const machine of this.machines.values()) this.connect(bridge, machine);
  }

  private connect(bridge: string, { name, address }: Machine): void {
    const own = namespace(name);
    const peer = ['peer', 'name', 'eth0', 'address', hardwareAddress(address), 'netns', own];
    ip('-n', bridge, 'link', 'add', name, 'type', 'veth', ...peer);
    ip('-n', bridge, 'link', 'set', name, 'master', 'bridge', 'up');
    ip('-n', own, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', own, 'link', 'set', 'eth0', 'up');
    for (const other of this.machines.values()) {
      if (other.name === name) continue;
      // Known beforehand: across a real network, too, nobody is told that a machine far away has lost its link.
      const known = ['lladdr', hardwareAddress(other.address), 'dev', 'eth0', 'nud', 'permanent'];
      ip('-n', own, 'neighbour', 'add', other.address, ...known);
      // A rule without a target only counts.
      execute(...this.on(name), 'iptables', '--wait', '-A', 'INPUT', '-s', other.address);
    }
  }
}

function namespace(machine: string): string {
  return `understudy-${process.pid}-${machine}`;
}

/** 10.90.0.17 has 02:00:0a:5a:00:11. */
function hardwareAddress(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return ['02', '00', ...bytes].join(':');
}

function setPort(machine: string, state: string): void {
  execute('bridge', '-n', namespace(SWITCH), 'link', 'set', 'dev', machine, 'state', state);
}

function removeLeftovers(): void {
  for (const line of ip('netns', 'list').split('\n')) {
    const name = line.split(' ')[0] ?? '';
    const pid = Number(NAMESPACE_NAME.exec(name)?.[1]);
    if (pid > 0 && !isRunning(pid)) removeNamespace(name);
  }
}

function removeNamespace(name: string): void {
  const exists = ip('netns', 'list')
    .split('\n')
    .some((line) => line.split(' ')[0] === name);
  if (!exists) return;
  for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
  ip('netns', 'delete', name);
}

function ip(...args: string[]): string {
  return execute('ip', ...args);
}

function execute(...command: string[]): string {
  const [program = '', ...args] = command;
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
