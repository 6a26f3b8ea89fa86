/** A host as it stands before a port and in URLs: `[::1]`, any other than an IPv6 address as it is. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** As people and URLs write it: `127.0.0.1:9000`, `[::1]:9000`. */
export function hostPortText(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}
