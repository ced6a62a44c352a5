import type { Config, PlatformSettings } from '../config/types.ts';

/** Everything of a configuration that no log line may show. */
export function secretsOf({ providers, web }: Config, platforms: readonly PlatformSettings[]): string[] {
  const keys = providers.flatMap(({ type, settings }) => {
    const names = platforms.find((platform) => platform.type === type)?.secrets ?? [];
    return names.map((name) => settings[name]);
  });
  return [...keys, web.bearerToken, web.adminToken].flatMap((secret) =>
    typeof secret === 'string' && secret !== '' ? [secret] : [],
  );
}
