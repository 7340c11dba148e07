// Registers an OpenTelemetry SDK before sft-catalog starts, with its metrics for Prometheus:
//
//   npm install @opentelemetry/api@1.9 @opentelemetry/sdk-metrics@2 @opentelemetry/exporter-prometheus@0.223
//   node --import ./otel.mjs node_modules/.bin/sft-catalog worker
//
// Prometheus reads them at http://127.0.0.1:9464/metrics; METRICS_HOST=0.0.0.0 lets other machines read them.
import { metrics } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

const exporter = new PrometheusExporter({
  host: process.env.METRICS_HOST ?? '127.0.0.1',
  port: Number(process.env.METRICS_PORT ?? 9464),
})
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }))
