/** Figures of a server in the text form of a monitoring system. */
interface MetricsText {
  /** Content type, with the version of the format. */
  readonly type: string;
  readonly text: string;
}

/** Makes the figures as they are now. */
export type MetricsSource = () => Promise<MetricsText>;
