import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';
import { serveRemote } from '../core/remote.ts';

/** Whether a password belongs to a bcrypt hash. */
const service = { compare: (password: string, hash: string): boolean => compareSync(password, hash) };
export type BcryptService = typeof service;

if (parentPort === null) throw new Error('this file runs as a thread of the exporter only');
serveRemote(parentPort, service);
