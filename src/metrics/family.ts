/** Which servers have a metric: the engine (`memoria`: those that hold all data), or what is asked of the server. */
type MetricOf =
  | 'frota'
  | 'consenso'
  | 'lider'
  | 'particoes'
  | 'memoria'
  | 'disco'
  | 'portal'
  | 'mqtt'
  | 'tls'
  | 'credenciais'
  | 'linux';

/** All samples of one name. */
export interface MetricFamily {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Names of its labels, in the order in which they are written. Values are of fixed sets, or bounded in number. */
  readonly labels?: readonly string[];
  /** Absent: all servers. */
  readonly of?: MetricOf;
  /** What it counts or measures: shown by Prometheus, and in both languages by the documentation. */
  readonly pt: string;
  readonly en: string;
}

/** Families by their names, which follow the rules of Prometheus: unit at the end, counters end with `_total`. */
export type MetricFamilies = Readonly<Record<`kvs_${string}`, MetricFamily>>;
