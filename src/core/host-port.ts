/** A host as written before a port and in URLs: IPv6 addresses in brackets (`[::1]`), any other unchanged. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Host and port as one text: `127.0.0.1:9000`, `[::1]:9000`. */
export function hostPortText(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}
