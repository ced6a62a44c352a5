import { CommanderError, Option } from 'commander';
import { messageOf } from '../model/error-message.ts';
import { parseExternalUrl, parseListenAddress, parseRoutePrefix, parseTelemetryPath } from '../server/addresses.ts';
import { LOG_FORMATS, LOG_LEVELS } from './log.ts';

/** Which configuration to read; `--config` is the short spelling. */
export function configFlag(): Option {
  const meaning = 'configuration; without it config/mttr-exporter.yml where that exists, else the environment';
  return valued('--config, --config.file <file>', meaning, fileName);
}

/** Turns `serve` into `check`. */
export function checkFlag(): Option {
  return new Option('--config.check', 'check the configuration and end, like the command check');
}

/** Where TLS and authentication are configured. */
export function webConfigFlag(): Option {
  return valued('--web.config.file <file>', "TLS and authentication, in the exporter-toolkit's format", fileName);
}

/** Where to listen. */
export function listenFlag(): Option {
  const meaning = 'where to listen, repeatable (default: :16887)';
  return repeatable('--web.listen-address <address>', meaning, (text) => parseListenAddress(text).text);
}

/** May be given several times. A variadic option would swallow what follows it, hence the collecting parser. */
export function repeatable(names: string, meaning: string, parse = (text: string) => text): Option {
  const values: string[] = [];
  return valued(names, meaning, (text) => {
    values.push(parse(text));
    return values;
  });
}

/** How `serve` serves, but for its addresses. */
export function webFlags(): Option[] {
  const prefixMeaning = 'everything is below this (default: the path of --web.external-url)';
  const urlMeaning = 'URL under which users reach this, for a proxy in front';
  return [
    webConfigFlag(),
    valued('--web.telemetry-path <path>', 'where the metrics are (default: /metrics)', parseTelemetryPath),
    valued('--web.route-prefix <path>', prefixMeaning, parseRoutePrefix),
    valued('--web.external-url <url>', urlMeaning, (text) => parseExternalUrl(text).href),
    new Option('--web.enable-lifecycle', 'allow POST /-/reload'),
  ];
}

/** What is logged, and how. */
export function logFlags(): Option[] {
  return [
    new Option('--log.level <level>', 'least important level that is written (default: info)').choices(LOG_LEVELS),
    new Option('--log.format <format>', 'default: logfmt on a terminal, else json').choices(LOG_FORMATS),
  ];
}

/** What the demo shows. */
export function replayFlag(): Option {
  return valued('--replay <file>', 'serve these outages (one JSON object a line) instead of invented ones', fileName);
}

function fileName(text: string): string {
  if (text === '') throw new Error('expected the name of a file');
  return text;
}

/** A flag with a value; what `parse` refuses ends the parsing with a message that names the flag. */
function valued<Value>(names: string, meaning: string, parse: (text: string) => Value): Option {
  const option = new Option(names, meaning);
  return option.argParser((text) => {
    try {
      return parse(text);
    } catch (error) {
      const message = `${option.long}: ${messageOf(error)}`;
      throw new CommanderError(1, 'wrong value', message);
    }
  });
}
