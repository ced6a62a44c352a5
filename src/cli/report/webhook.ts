import { messageOf } from '../../model/error-message.ts';
import { type Surroundings, WrongUse } from '../command.ts';
import { readText } from '../configuration.ts';
import type { Request } from './request.ts';

/** Where the address may stand: an argument would show it to everybody who lists processes. */
const VARIABLE = 'MTTR_SLACK_WEBHOOK';

/** The address to post to; undefined when nobody asked. Throws WrongUse, without the address, which is a secret. */
export function webhookOf(
  { slackWebhook, slackWebhookFile }: Pick<Request, 'slackWebhook' | 'slackWebhookFile'>,
  { env }: Pick<Surroundings, 'env'>,
): string | undefined {
  if (slackWebhookFile !== undefined)
    return checked(fileText(slackWebhookFile), `--slack-webhook-file ${slackWebhookFile}`);
  if (!slackWebhook) return undefined;
  const address = env[VARIABLE]?.trim() ?? '';
  if (address === '') {
    throw new WrongUse(`--slack-webhook: expected the address in ${VARIABLE}, or in a file with --slack-webhook-file`);
  }
  return checked(address, VARIABLE);
}

function checked(address: string, place: string): string {
  const url = URL.parse(address);
  if (url !== null && /^https?:$/.test(url.protocol)) return address;
  throw new WrongUse(`${place}: holds no address of a webhook; expected one that begins with https://`);
}

function fileText(file: string): string {
  try {
    return readText(file).trim();
  } catch (error) {
    throw new WrongUse(`--slack-webhook-file: ${messageOf(error)}`, { cause: error });
  }
}
