/** Prometheus metrics: one registry a process, with the process's own figures in it. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricOptions<Label extends string> {
  /** Without the prefix `warren_`; ends in its unit (`_seconds`, `_bytes`) or `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

export interface Metrics {
  counter<L extends string = never>(options: MetricOptions<L>): Counter<L>;
  /** `collect` is called when someone reads the metrics. */
  gauge<L extends string = never>(options: MetricOptions<L> & { readonly collect?: () => number }): Gauge<L>;
  histogram<L extends string = never>(
    options: MetricOptions<L> & { readonly buckets?: readonly number[] },
  ): Histogram<L>;
  readonly contentType: string;
  /** The text that Prometheus scrapes. */
  text(): Promise<string>;
}

/** From 0.5 ms, an ADD that only reads, to 10 s, where runtimes give up. */
const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const common = <L extends string>({ name, help, labels = [] }: MetricOptions<L>) => ({
    name: `warren_${name}`,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    counter: (options) => new Counter(common(options)),
    gauge: ({ collect, ...options }) =>
      new Gauge({
        ...common(options),
        ...(collect && {
          collect() {
            this.set(collect());
          },
        }),
      }),
    histogram: ({ buckets = LATENCY_BUCKETS, ...options }) =>
      new Histogram({ ...common(options), buckets: [...buckets] }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
