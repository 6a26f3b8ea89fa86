import type { MetricFamilies } from './family.js';

/** What the process has. */
export const PROCESS_FAMILIES = {
  kvs_process_start_time_seconds: {
    type: 'gauge',
    pt: 'Quando o processo começou, em segundos desde 1970.',
    en: 'When the process started, in seconds since 1970.',
  },
  kvs_process_cpu_seconds_total: {
    ...{ type: 'counter', labels: ['mode'] },
    pt: 'Tempo de processador, `user` e `system`.',
    en: 'Processor time, `user` and `system`.',
  },
  kvs_process_resident_bytes: {
    type: 'gauge',
    pt: 'Memória do processo na máquina.',
    en: 'Memory of the process on the machine.',
  },
  kvs_process_resident_max_bytes: {
    type: 'gauge',
    pt: 'Até onde ela pode crescer: o limite do contêiner, ou o que a máquina tem.',
    en: 'How far that may grow: the limit of the container, or what the machine has.',
  },
  kvs_process_heap_used_bytes: {
    type: 'gauge',
    pt: 'Memória do JavaScript em uso.',
    en: 'Memory of JavaScript in use.',
  },
  kvs_process_heap_max_bytes: {
    type: 'gauge',
    pt: 'Até onde a memória do JavaScript pode crescer: o processo acaba ali.',
    en: 'How far the memory of JavaScript may grow: the process ends there.',
  },
  kvs_process_external_bytes: {
    type: 'gauge',
    pt: 'Memória fora do JavaScript: chaves e valores guardados, mensagens em trânsito.',
    en: 'Memory outside JavaScript: keys and values that are kept, messages under way.',
  },
  kvs_process_open_fds: {
    ...{ type: 'gauge', of: 'linux' },
    pt: 'Descritores abertos: conexões e arquivos.',
    en: 'Open descriptors: connections and files.',
  },
  kvs_process_max_fds: {
    ...{ type: 'gauge', of: 'linux' },
    pt: 'Quantos descritores podem estar abertos (`ulimit -n`).',
    en: 'How many descriptors may be open (`ulimit -n`).',
  },
  kvs_event_loop_delay_median_seconds: {
    type: 'gauge',
    pt: 'Atraso do laço de eventos nos últimos 30 a 60 s: metade foi menor.',
    en: 'Delay of the event loop in the last 30 to 60 s: half was less.',
  },
  kvs_event_loop_delay_p99_seconds: {
    type: 'gauge',
    pt: 'O mesmo: 99 % foi menor.',
    en: 'The same: 99 % was less.',
  },
  kvs_event_loop_delay_max_seconds: {
    type: 'gauge',
    pt: 'O mesmo: a maior parada.',
    en: 'The same: the longest stop.',
  },
  kvs_event_loop_busy_seconds_total: {
    type: 'counter',
    pt: 'Tempo em que o laço de eventos trabalhou: perto de 1 s por segundo, não há mais folga.',
    en: 'Time in which the event loop worked: near 1 s per second there is nothing left.',
  },
  kvs_gc_duration_seconds_total: {
    ...{ type: 'counter', labels: ['kind'] },
    pt: 'Tempo da coleta de lixo, por tipo.',
    en: 'Time of garbage collection, by kind.',
  },
  kvs_gc_runs_total: {
    ...{ type: 'counter', labels: ['kind'] },
    pt: 'Coletas de lixo, por tipo.',
    en: 'Garbage collections, by kind.',
  },
} as const satisfies MetricFamilies;
