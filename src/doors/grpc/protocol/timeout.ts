/** Milliseconds of each unit of `grpc-timeout`. */
const UNITS: Readonly<Record<string, number>> = Object.freeze({
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
});

const TIMEOUT = /^(\d{1,8})([HMSmun])$/;

/**
 * Reads `grpc-timeout`: at most eight digits and a unit. Source: "gRPC over HTTP2", Timeout.
 * @returns ms; `undefined` if it is malformed
 */
export function timeoutMs(text: string): number | undefined {
  const [, digits, unit = ''] = TIMEOUT.exec(text) ?? [];
  const unitMs = UNITS[unit];
  return digits === undefined || unitMs === undefined ? undefined : Number(digits) * unitMs;
}
