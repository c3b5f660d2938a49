import type { HostState } from '../../contract/control-api.ts';

/** What a screen reader says when the state changes: what went on air, and what ended. */
export function announcementsBetween(before: HostState | null, after: HostState | null): string[] {
  if (before === null || after === null || before.host !== after.host) return [];
  const said = after.programs.flatMap((program) => {
    const old = before.programs.find(({ name }) => name === program.name);
    if (old === undefined) return [];
    const { name, onAir, pin, drill } = program;
    return [
      ...(old.onAir === onAir ? [] : [`${name}: ${onAir === null ? 'off air' : `${onAir} is on air`}`]),
      ...(old.pin === null && pin !== null ? [`${name}: pinned to ${pin.source} by ${pin.by}`] : []),
      ...(old.pin !== null && pin === null ? [`${name}: the pin has ended`] : []),
      ...(old.drill === null && drill !== null ? [`${name}: a drill has begun`] : []),
      ...(old.drill !== null && drill === null ? [`${name}: the drill has ended`] : []),
    ];
  });
  return before.state === 'serving' && after.state === 'draining' ? [...said, 'The host is draining'] : said;
}
