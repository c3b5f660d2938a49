import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debianVersion, type Peer, type PublishJob } from './peer.ts';

/** With a display that nobody sees, a profile, and a scene of one colour. */
export const obs: Peer = {
  name: 'OBS Studio',
  packages: ['obs-studio', 'xvfb'],
  version: () => debianVersion('obs-studio'),
  publish: (job) => {
    const { directory, port } = job;
    for (const [file, content] of Object.entries(configuration(job)))
      write(join(directory, '.config/obs-studio', file), content);
    const display = `:${port}`;
    const options = ['--multi', '--startstreaming', '--minimize-to-tray', '--disable-missing-files-check'];
    return [
      { line: ['Xvfb', display, '-screen', '0', '640x480x24', '-nolisten', 'tcp'], isHelper: true },
      {
        line: ['obs', ...options],
        env: { HOME: directory, XDG_RUNTIME_DIR: directory, DISPLAY: display, LIBGL_ALWAYS_SOFTWARE: '1' },
        after: `/tmp/.X11-unix/X${port}`,
      },
    ];
  },
};

/** Server and stream key as people paste them. */
function configuration({ url }: PublishJob): Record<string, string> {
  const slash = url.lastIndexOf('/');
  const service = { server: url.slice(0, slash), key: url.slice(slash + 1), use_auth: false };
  const colour = { color: 0xff_80_40_20, width: 320, height: 180 };
  const scene = { id_counter: 1, items: [{ id: 1, name: 'Colour', visible: true, scale: { x: 1, y: 1 } }] };
  return {
    'global.ini': `[General]
FirstRun=true
[Basic]
Profile=interop
ProfileDir=interop
SceneCollection=interop
SceneCollectionFile=interop
`,
    'basic/profiles/interop/basic.ini': `[General]
Name=interop
[Video]
BaseCX=320
BaseCY=180
OutputCX=320
OutputCY=180
FPSType=0
FPSCommon=30
[Output]
Mode=Simple
[SimpleOutput]
VBitrate=300
ABitrate=96
StreamEncoder=x264
Preset=ultrafast
UseAdvanced=true
x264Settings=keyint=30
`,
    'basic/profiles/interop/service.json': JSON.stringify({ type: 'rtmp_custom', settings: service }),
    'basic/scenes/interop.json': JSON.stringify({
      name: 'interop',
      current_scene: 'Scene',
      current_program_scene: 'Scene',
      scene_order: [{ name: 'Scene' }],
      sources: [
        { id: 'color_source_v3', name: 'Colour', settings: colour },
        { id: 'scene', name: 'Scene', settings: scene },
      ],
    }),
  };
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
