import { Option } from 'commander';
import { z } from 'zod';
import { WrongUse } from '../command.ts';
import { configFlag, repeatable } from '../flag-options.ts';
import type { CredentialFlags } from './credentials.ts';

const Values = z.object({
  'config.file': z.string().optional(),
  from: z.string().default('90d'),
  to: z.string().optional(),
  step: z.string().default('5m'),
  by: z.string().array().default([]),
  window: z.string().array().default([]),
  partial: z.boolean().default(false),
  label: z.string().array().default([]),
  outputDirectory: z.string().optional(),
  remoteWrite: z.string().optional(),
  'remoteWrite.bearerTokenFile': z.string().optional(),
  'remoteWrite.username': z.string().optional(),
  'remoteWrite.passwordFile': z.string().optional(),
  'remoteWrite.headerFile': z.string().optional(),
  'remoteWrite.tenant': z.string().optional(),
  quiet: z.boolean().default(false),
});

/** Where samples shall go: files in a folder, or the address of a receiver of remote write. */
export type Target = { readonly folder: string } | { readonly url: string };

/** What was asked for; times, labels and choices are still as they were written. */
export type Request = Omit<z.infer<typeof Values>, 'outputDirectory' | 'remoteWrite'> & {
  readonly target: Target;
  readonly credentials: CredentialFlags;
};

/** The flags of `backfill`. */
export function backfillFlags(): Option[] {
  return [
    configFlag(),
    new Option('--output-directory <directory>', 'write OpenMetrics files there, one a day, for promtool'),
    new Option('--remote-write <url>', 'send to this receiver instead, such as http://localhost:9090/api/v1/write'),
    new Option('--from <time>', 'first instant: a span such as 90d, a day, an instant (default: 90d)'),
    new Option('--to <time>', 'last instant (default: now with --remote-write, else 3h ago)'),
    new Option('--step <duration>', 'between two samples (default: 5m, the most that leaves no holes in graphs)'),
    repeatable('--by <grouping>', 'only rows by this, repeatable (default: all groupings of the configuration)'),
    repeatable('--window <window>', 'only this window, repeatable (default: all windows of the configuration)'),
    new Option('--partial', 'also windows that begin before history does; they rest on less than they say'),
    repeatable('--label <name=value>', 'that the scrape adds, repeatable (default: job and instance mttr-exporter)'),
    new Option('--remote-write.bearer-token-file <file>', 'token for the receiver'),
    new Option('--remote-write.username <name>', 'name for the receiver (basic authentication)'),
    new Option('--remote-write.password-file <file>', 'password that goes with the name'),
    new Option('--remote-write.header-file <file>', 'headers for the receiver, a line of Name: value each'),
    new Option('--remote-write.tenant <id>', 'sent as X-Scope-OrgID (Mimir)'),
    new Option('--quiet', 'no progress and no notes'),
  ];
}

/** The flags as commander gives them; throws WrongUse unless there is exactly one target. */
export function readRequest(values: Readonly<Record<string, unknown>>): Request {
  const { outputDirectory, remoteWrite, ...request } = Values.parse(values);
  const credentials = {
    bearerTokenFile: request['remoteWrite.bearerTokenFile'],
    username: request['remoteWrite.username'],
    passwordFile: request['remoteWrite.passwordFile'],
    headerFile: request['remoteWrite.headerFile'],
    tenant: request['remoteWrite.tenant'],
  };
  if (outputDirectory !== undefined && remoteWrite === undefined) {
    const stray = Object.values(credentials).find((one) => one !== undefined);
    if (stray !== undefined) throw new WrongUse('--remote-write.… flags need --remote-write <url>');
    if (outputDirectory === '') throw new WrongUse('--output-directory: expected the name of a directory');
    return { ...request, credentials, target: { folder: outputDirectory } };
  }
  if (remoteWrite !== undefined && outputDirectory === undefined) {
    return { ...request, credentials, target: { url: remoteWrite } };
  }
  throw new WrongUse('expected either --output-directory <directory> or --remote-write <url>');
}
