import { parentPort } from 'node:worker_threads';
import { serveRemote } from '../core/remote.ts';
import { yieldToServing } from '../core/thread-priority.ts';
import { questions } from './questions.ts';

/** The entry of the thread that answers long questions. */
if (parentPort === null) throw new Error('this file runs as a thread of the exporter only');
yieldToServing();
serveRemote(parentPort, questions);
