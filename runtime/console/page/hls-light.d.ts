/** The build of hls.js without subtitles, encryption and alternative sound: the package has types for the whole one only. */
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
