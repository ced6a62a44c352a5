import { parentPort } from 'node:worker_threads';
import { serveRemote } from '../core/remote.ts';
import { storeQueries } from './store-queries.ts';

/** The entry of the thread that runs the queries which read the whole store. */
if (parentPort === null) throw new Error('this file runs as a thread of the exporter only');
serveRemote(parentPort, storeQueries);
