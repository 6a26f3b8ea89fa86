/**
 * The exact lines that servers and clients of the leader system print (contract, section 5). Pure functions.
 *
 * Line breaks and control characters of keys and values are escaped as in JSON (`\n`, `\u001b`), and so are those that
 * change the text direction, so that no value can print a line of its own, control a terminal, or look like another.
 */

/** Address of a caller or server, `IP:porta`. */
export type AddressText = string;

/** Writes an IPv4-mapped IPv6 address as IPv4, any other address unchanged. */
export function plainAddress(host: string): string {
  return host.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** `IP:porta`. The contract's lines have no brackets around an IPv6 address. */
export function addressText(host: string, port: number): AddressText {
  return `${plainAddress(host)}:${port}`;
}

export function putReceived(client: AddressText, key: string, value: string): string {
  return `Cliente ${shown(client)} PUT key:${shown(key)} value:${shown(value)}.`;
}

export function putForwarded(key: string, value: string): string {
  return `Encaminhando PUT key:${shown(key)} value:${shown(value)}`;
}

export function replicationReceived(key: string, value: string, timestamp: number): string {
  return `REPLICATION key:${shown(key)} value:${shown(value)} ts:${timestamp}.`;
}

export function putAcknowledged(client: AddressText, key: string, timestamp: number): string {
  return `Enviando PUT_OK ao Cliente ${shown(client)} da key:${shown(key)} ts:${timestamp}.`;
}

/** @param answer the value, `NULL` or `TRY_OTHER_SERVER_OR_LATER` */
export function getAnswered(
  client: AddressText,
  key: string,
  clientTimestamp: number,
  timestamp: number,
  answer: string,
): string {
  return `Cliente ${shown(client)} GET key:${shown(key)} ts:${clientTimestamp}. Meu ts é ${timestamp}, portanto devolvendo ${shown(answer)}`;
}

/** Printed by the client. */
export function putDone(key: string, value: string, timestamp: number, server: AddressText): string {
  return `PUT_OK key: ${shown(key)} value ${shown(value)} timestamp ${timestamp} realizada no servidor ${server}`;
}

/** Printed by the client. */
export function getDone(
  key: string,
  answer: string,
  server: AddressText,
  clientTimestamp: number,
  timestamp: number,
): string {
  return `GET key: ${shown(key)} value: ${shown(answer)} obtido do servidor ${server}, meu timestamp ${clientTimestamp} e do servidor ${timestamp}`;
}

const UNPRINTABLE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function shown(text: string): string {
  return text.replace(UNPRINTABLE, (unit) => {
    return SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
