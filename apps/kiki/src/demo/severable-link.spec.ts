/** Goal: the link carries bytes, stops when it is cut, and carries again when mended. Method: an echo behind it. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { SeverableLink } from './severable-link.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function linkToEcho(): Promise<SeverableLink> {
  const echo = createServer((socket) => socket.pipe(socket).on('error', () => undefined));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => echo.close(resolve)));
  const link = await SeverableLink.open();
  closing.push(() => link.close());
  link.aim(`127.0.0.1:${(echo.address() as AddressInfo).port}`);
  return link;
}

async function talk(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

function dial(link: SeverableLink): Socket {
  const socket = connect(link.port, '127.0.0.1').on('error', () => undefined);
  closing.push(async () => socket.destroy());
  return socket;
}

describe('SeverableLink', () => {
  it('forwards, cuts running and new connections, and forwards again', async () => {
    const link = await linkToEcho();
    const first = dial(link);
    expect(await talk(first, 'hello')).toBe('hello');
    expect(link.connections).toBe(1);
    const isOver = once(first, 'close');
    link.cut();
    await isOver;
    const refused = dial(link);
    await once(refused, 'close');
    link.mend();
    expect(await talk(dial(link), 'again')).toBe('again');
  });
});
