import { NONE_IS_GOOD, YES_NO } from '../colours.ts';
import { kindsOf } from '../kinds.ts';
import type { Section } from '../page.ts';

const { number, trend } = kindsOf('health');

/** Only processes of the exporter, whatever else the data source scrapes. */
function ofExporter(expression: string): string {
  return `${expression} and on (job, instance) mttr_exporter_build_info`;
}

/** Configuration, store and process. */
export const process: Section = {
  id: 103,
  title: 'Process and store',
  panels: [
    number({
      id: 13,
      title: 'Version',
      description: 'Version of the exporter and of Node; the number says how many instances run it.',
      unit: 'none',
      width: 6,
      queries: [
        {
          expression: 'count by (version, nodeversion) (mttr_exporter_build_info)',
          legend: '{{version}} on Node {{nodeversion}}',
        },
      ],
      link: 'overview',
    }),
    number({
      id: 14,
      title: 'Last reload succeeded',
      description: 'Whether the last attempt to load the configuration succeeded; if not, the one before is in force.',
      unit: 'none',
      width: 6,
      mappings: YES_NO,
      queries: [{ expression: 'min(mttr_exporter_config_last_reload_successful)', legend: 'reload' }],
      link: 'overview',
    }),
    number({
      id: 15,
      title: 'Configuration loaded',
      description: 'When a configuration was loaded successfully last.',
      unit: 'dateTimeFromNow',
      width: 6,
      queries: [
        { expression: '1000 * max(mttr_exporter_config_last_reload_success_timestamp_seconds)', legend: 'loaded' },
      ],
      link: 'overview',
    }),
    number({
      id: 16,
      title: 'Services over the limit',
      description: 'Distinct services beyond metrics.max_services; their incidents carry service="other".',
      unit: 'none',
      decimals: 0,
      width: 6,
      steps: NONE_IS_GOOD,
      queries: [{ expression: 'max(mttr_exporter_services_overflowed)', legend: 'overflowed' }],
      link: 'overview',
    }),
    trend({
      id: 17,
      title: 'Store',
      description: 'Size of the store with its write-ahead log.',
      unit: 'bytes',
      width: 12,
      queries: [{ expression: 'max(mttr_exporter_store_bytes)', legend: 'store' }],
      link: 'overview',
    }),
    trend({
      id: 18,
      title: 'Memory',
      description: 'Resident memory and the part of it that is the heap of Node.',
      unit: 'bytes',
      width: 12,
      queries: [
        { expression: ofExporter('process_resident_memory_bytes'), legend: '{{instance}} resident' },
        { expression: ofExporter('nodejs_heap_size_used_bytes'), legend: '{{instance}} heap' },
      ],
      link: 'overview',
    }),
    trend({
      id: 19,
      title: 'Processor',
      description: 'Share of one processor core.',
      unit: 'percentunit',
      width: 12,
      queries: [
        { expression: ofExporter('rate(process_cpu_seconds_total[$__rate_interval])'), legend: '{{instance}}' },
      ],
      link: 'overview',
    }),
    trend({
      id: 20,
      title: 'Event loop',
      description: 'How late the event loop was in 99 % of its turns: a scrape waits as long.',
      unit: 's',
      width: 12,
      queries: [{ expression: ofExporter('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}}' }],
      link: 'overview',
    }),
  ],
};
