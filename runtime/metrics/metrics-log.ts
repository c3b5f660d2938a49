/** The part of a logger that metrics need. */
export interface MetricsLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}
