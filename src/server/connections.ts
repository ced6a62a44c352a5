import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { Server as NetServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Something that answers HTTP requests, with TLS or without. */
export type WebServer = Server | TlsServer;

/** The connections of one server. */
export interface Connections {
  /**
   * Stops accepting, ends the connections that wait for a request now, the others when their answers are out, and
   * after `graceMs` whatever is left. Resolves when all are gone.
   *
   * Node's own `server.close()` takes an answer for done when its last byte was queued, and would cut a page that a
   * slow client is still reading.
   */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Follows the connections of a server that does not listen yet. */
export function followConnections(server: WebServer): Connections {
  const sockets = new Set<Socket>();
  const answersRunning = new Map<Socket, number>();
  let isClosing = false;

  const follow = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const change = (socket: Socket, by: 1 | -1) => {
    const running = (answersRunning.get(socket) ?? 0) + by;
    if (running > 0) answersRunning.set(socket, running);
    else answersRunning.delete(socket);
    if (running === 0 && isClosing) socket.destroySoon();
  };
  server.on('connection', follow);
  server.on('secureConnection', follow);
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    change(socket, 1);
    response.once('close', () => change(socket, -1));
  });

  const endIdle = () => {
    // The plain socket below TLS knows of no request; it ends with its TLS socket, or by the deadline.
    const asked = [...sockets].filter((socket) => !('setSecureContext' in server) || socket instanceof TLSSocket);
    for (const socket of asked) if (!answersRunning.has(socket)) socket.destroy();
  };
  return {
    close: async (graceMs) => {
      isClosing = true;
      const gone = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
      endIdle();
      const deadline = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await gone;
      clearTimeout(deadline);
      // What HTTP itself still runs, such as its check for slow requests.
      server.close();
    },
  };
}
