/** Where to listen; without a host on every address of the machine. */
export interface ListenAddress {
  /** As it was written, for messages. */
  readonly text: string;
  readonly host: string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
}

const PORT_MAX = 65_535;
const IN_BRACKETS = /^\[(?<host>[0-9A-Fa-f:.%\w]+)\]:(?<port>\d{1,5})$/;
const PLAIN = /^(?<host>[^:[\]\s/]*):(?<port>\d{1,5})$/;

/** Reads `host:port`, `:port` or `[IPv6]:port`; throws an Error that says what was expected. */
export function parseListenAddress(text: string): ListenAddress {
  const { host, port } = (IN_BRACKETS.exec(text) ?? PLAIN.exec(text))?.groups ?? {};
  if (host === undefined || port === undefined || Number(port) > PORT_MAX) {
    throw new Error(
      `"${text}" is no listen address; expected host:port such as :16887, 127.0.0.1:16887 or [::1]:16887`,
    );
  }
  return { text, host: host === '' ? undefined : host, port: Number(port) };
}
