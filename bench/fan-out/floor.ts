/**
 * What Node costs at the least: one buffer that is written to all viewers each so many ms, and nothing else:
 * `node --import tsx bench/fan-out/floor.ts PORT CADENCE_MS`.
 */
import { createServer, type Socket } from 'node:net';
import { writeMarker } from './marker.ts';

const BYTES_A_MS = 2_140_000 / 8 / 1_000;
const [port = '0', cadence = '40'] = process.argv.slice(2);
const cadenceMs = Number(cadence);
const sockets = new Set<Socket>();
const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket);
  const leave = () => sockets.delete(socket);
  socket.on('error', leave);
  socket.on('close', leave);
  socket.resume();
});
server.listen(Number(port), '127.0.0.1', () => console.log('serving'));
setInterval(() => {
  const bytes = Buffer.alloc(Math.round(BYTES_A_MS * cadenceMs));
  writeMarker(bytes, 0, 0, 'keyframe');
  for (const socket of sockets) socket.write(bytes);
}, cadenceMs);
