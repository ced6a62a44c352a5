import { createServer } from 'node:net';
import { type Exporter, startExporter } from './process.ts';

/** An exporter that keeps its configuration and its store while it is ended and started again. */
export interface Restarted {
  /** Where it listens while it runs. */
  url(): string;
  /** The one that runs now. */
  running(): Exporter;
  start(): Promise<void>;
  end(signal: NodeJS.Signals): Promise<void>;
  /** Chooses another address for the next start. */
  move(): Promise<void>;
}

/** Is not started yet. */
export async function planExporter(configFile: string): Promise<Restarted> {
  let port = await freePort();
  let exporter: Exporter | undefined;
  const running = () => {
    if (exporter === undefined) throw new Error('no exporter runs');
    return exporter;
  };
  return {
    url: () => `http://127.0.0.1:${port}`,
    running,
    start: async () => {
      const words = [`--config.file=${configFile}`, `--web.listen-address=127.0.0.1:${port}`];
      exporter = await startExporter({ words });
    },
    end: async (signal) => {
      running().kill(signal);
      await running().ended;
      exporter = undefined;
    },
    move: async () => {
      port = await freePort();
    },
  };
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
