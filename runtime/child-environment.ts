/** What a process needs to run at all. */
const PASSED_ON = [
  ...['NODE_OPTIONS', 'PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'TEMP', 'TMP'],
  ...['SystemRoot', 'SYSTEMROOT', 'windir', 'PATHEXT', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA'],
];

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of a child of the host: everything else, stream keys among it, is not for it. */
export function childEnvironment(env: Environment): Environment {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
}
