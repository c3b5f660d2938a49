import { useCallback, useEffect, useState } from 'preact/hooks';
import type { HostState, ProgramState } from '../../contract/control-api.ts';
import { type ProgramAddresses, playAddresses, publishAddresses } from '../model/addresses.ts';
import { formatMoment } from '../model/format.ts';
import { api } from './api.ts';
import { CopyField } from './copy-field.tsx';

export interface AddressesProps {
  readonly id: string;
  readonly program: ProgramState;
  readonly host: HostState;
}

/** Where encoders publish and players play. Asked for when somebody looks: they may hold a token that runs out. */
export function Addresses({ id, program, host }: AddressesProps) {
  const { name } = program;
  const [addresses, setAddresses] = useState<ProgramAddresses | null>(null);
  const [problem, setProblem] = useState('');
  const load = useCallback(async (): Promise<void> => {
    try {
      setAddresses(await api.addresses(name));
      setProblem('');
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }, [name]);
  useEffect(() => void load(), [load]);
  const publish = publishAddresses(program, host, location);
  return (
    <div id={id} class="addresses" role="group" aria-label={`Addresses of ${name}`}>
      <section aria-label={`Play ${name}`}>
        <h3>Play</h3>
        {problem !== '' && (
          <p class="problem" role="alert">
            The host gave no addresses: {problem}
          </p>
        )}
        {addresses !== null &&
          playAddresses(addresses, host.listeners, location).map(({ label, url }) => (
            <div class="address" key={label}>
              <span>{label}</span>
              <CopyField label={`${label} address of ${name}`} value={url} />
            </div>
          ))}
        {addresses !== null && addresses.expiresAt !== null && (
          <p class="addresses-note">
            Good for new viewers until {formatMoment(addresses.expiresAt, host.now)}.{' '}
            <button type="button" class="button button-quiet" onClick={load}>
              Make new ones
            </button>
          </p>
        )}
      </section>
      {publish.length > 0 && (
        <section aria-label={`Publish to ${name}`}>
          <h3>Publish</h3>
          {publish.map(({ input, servers, streamKey }) => (
            <div class="address-group" key={input}>
              {servers.map(({ label, url }) => (
                <div class="address" key={label}>
                  <span>
                    {input}, {label} server
                  </span>
                  <CopyField label={`${label} server of ${input}`} value={url} />
                </div>
              ))}
              <p class="address">
                <span>stream key</span>
                <code>{streamKey}</code>
              </p>
            </div>
          ))}
          <p class="addresses-note">
            Keys are secret, and are not shown here. On the host, <code>npx understudy keys</code> shows them.
          </p>
        </section>
      )}
    </div>
  );
}
