/**
 * The folder for what the host makes itself, its keys file. As a rule that is the configuration's own. A service may not
 * write there: systemd names a folder for it, /var/lib/NAME where the configuration is in /etc/NAME (systemd.exec(5),
 * StateDirectory=). The second half of that rule is for people: `sudo understudy keys` is not told by systemd, and must not
 * make other keys than those that the service has.
 */
export function stateDirectory(
  configDirectory: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  // A unit may have several, with colons between them.
  const own = env.STATE_DIRECTORY?.split(':')[0];
  if (own) return own;
  const service = /^\/etc\/([^/]+)$/.exec(configDirectory)?.[1];
  return service === undefined ? configDirectory : `/var/lib/${service}`;
}
