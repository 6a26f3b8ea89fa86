/**
 * Why a TLS connection failed, in a few stable words for the log, for counters and for people. The codes of Node and
 * OpenSSL are many, and differ between versions.
 */
export const TLS_FAILURES = [
  /** The certificate shown has expired, */
  'CERTIFICADO_VENCIDO',
  /** or is not valid yet. */
  'CERTIFICADO_FUTURO',
  /** It is self-signed, */
  'CERTIFICADO_AUTOASSINADO',
  /** or by an authority that is not trusted here. */
  'CERTIFICADO_DESCONHECIDO',
  /** It is not for the requested name or address. */
  'NOME_ERRADO',
  /** The other side refuses the certificate shown here. */
  'CERTIFICADO_RECUSADO',
  /** A client certificate is required, and the client shows none. */
  'SEM_CERTIFICADO',
  /** The other side speaks without TLS on a TLS port, */
  'SEM_TLS',
  /** or with TLS on a port without it. */
  'EXIGE_TLS',
  /** Both sides have no TLS version in common. */
  'VERSAO_TLS',
  /** The other side took too long, or there are too many unfinished handshakes. */
  'APERTO_LENTO',
  /** Anything else that ends a handshake. */
  'TLS',
] as const;
export type TlsFailure = (typeof TLS_FAILURES)[number];

const BY_CODE: Readonly<Record<string, TlsFailure>> = {
  CERT_HAS_EXPIRED: 'CERTIFICADO_VENCIDO',
  CERT_NOT_YET_VALID: 'CERTIFICADO_FUTURO',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'CERTIFICADO_AUTOASSINADO',
  SELF_SIGNED_CERT_IN_CHAIN: 'CERTIFICADO_DESCONHECIDO',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'CERTIFICADO_DESCONHECIDO',
  UNABLE_TO_GET_ISSUER_CERT: 'CERTIFICADO_DESCONHECIDO',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'CERTIFICADO_DESCONHECIDO',
  CERT_SIGNATURE_FAILURE: 'CERTIFICADO_DESCONHECIDO',
  CERT_UNTRUSTED: 'CERTIFICADO_DESCONHECIDO',
  INVALID_CA: 'CERTIFICADO_DESCONHECIDO',
  INVALID_PURPOSE: 'CERTIFICADO_DESCONHECIDO',
  ERR_TLS_CERT_ALTNAME_INVALID: 'NOME_ERRADO',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'APERTO_LENTO',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'SEM_CERTIFICADO',
  ERR_SSL_WRONG_VERSION_NUMBER: 'SEM_TLS',
  ERR_SSL_HTTP_REQUEST: 'SEM_TLS',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'SEM_TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'SEM_TLS',
  ERR_SSL_UNEXPECTED_MESSAGE: 'SEM_TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'VERSAO_TLS',
  ERR_SSL_VERSION_TOO_LOW: 'VERSAO_TLS',
};

/** OpenSSL's names of the alerts from the other side, whatever version the name has. */
const BY_ALERT: readonly (readonly [pattern: RegExp, failure: TlsFailure])[] = [
  [/ALERT_CERTIFICATE_REQUIRED$/, 'SEM_CERTIFICADO'],
  [/ALERT_PROTOCOL_VERSION$/, 'VERSAO_TLS'],
  [/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE)$/, 'CERTIFICADO_RECUSADO'],
  [/^ERR_SSL_/, 'TLS'],
];

/** The meaning of a failed handshake; `undefined` for errors unrelated to TLS, such as ECONNREFUSED. */
export function tlsFailureOf(error: unknown): TlsFailure | undefined {
  // For a rejected client certificate, Node's error has the code as its message.
  const code = codeOf(error);
  if (code === undefined) return undefined;
  return BY_CODE[code] ?? BY_ALERT.find(([pattern]) => pattern.test(code))?.[1];
}

/** Whether the first byte of a stream begins a TLS record: a handshake, or an alert. MQTT and JSON do not. */
export function beginsTls(firstByte: number | undefined): boolean {
  return firstByte === 0x16 || firstByte === 0x15;
}

function codeOf(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return undefined;
  if (!('code' in error) || typeof error.code !== 'string') return undefined;
  if (error.code !== 'EPROTO' || !(error instanceof Error)) return error.code;
  // An error received during a write has OpenSSL's reason only in its message.
  const [, reason] = /SSL routines:[^:]*:([^:]+):/.exec(error.message) ?? [];
  return reason === undefined ? 'ERR_SSL_EPROTO' : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}
