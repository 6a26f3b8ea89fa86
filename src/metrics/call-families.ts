import type { MetricFamilies } from './family.js';

/** What every server has, whatever its engine: calls, refusals, health, store and limits. */
export const CALL_FAMILIES = {
  kvs_build_info: {
    ...{ type: 'gauge', labels: ['version', 'node', 'engine', 'fleet'] },
    pt: 'Sempre 1: versão do programa e do Node.js, motor e frota nos rótulos.',
    en: 'Always 1: versions of the program and of Node.js, engine and fleet as labels.',
  },
  kvs_health: {
    ...{ type: 'gauge', labels: ['condition'] },
    pt: 'Uma condição da saúde: 1 bem, 0 mal. `servidor` é o servidor como um todo; os outros nomes são os de `/saude`.',
    en: 'One condition of health: 1 good, 0 bad. `servidor` is the server as a whole; other names are those of `/saude`.',
  },
  kvs_door_calls_total: {
    ...{ type: 'counter', labels: ['door', 'operation', 'outcome'] },
    pt: 'Chamadas terminadas, por porta, operação e resultado: `OK`, `ABANDONADO` ou o código do erro.',
    en: 'Calls that ended, by door, operation and outcome: `OK`, `ABANDONADO` or the code of the error.',
  },
  kvs_door_call_duration_seconds: {
    ...{ type: 'histogram', labels: ['door', 'operation', 'outcome'] },
    pt: 'Duração das chamadas, do começo do atendimento até a resposta estar decidida.',
    en: 'Duration of calls, from the start of processing until the answer is known.',
  },
  kvs_door_connections: {
    type: 'gauge',
    pt: 'Conexões abertas na porta de gRPC e HTTP.',
    en: 'Open connections of the port of gRPC and HTTP.',
  },
  kvs_door_open_calls: {
    type: 'gauge',
    pt: 'Chamadas abertas há mais que um instante: fluxos, e as que esperam.',
    en: 'Calls open for longer than a moment: streams, and those that wait.',
  },
  kvs_door_unfinished_bytes: {
    type: 'gauge',
    pt: 'Memória dos pedidos que só chegaram em parte.',
    en: 'Memory of requests that came only in part.',
  },
  kvs_refused_connections_total: {
    ...{ type: 'counter', labels: ['reason'] },
    pt: 'Conexões recusadas à porta: conexões demais, TLS que falta, que sobra ou que não serve.',
    en: 'Connections refused at the port: too many, or TLS that is missing, unexpected or invalid.',
  },
  kvs_refused_calls_total: {
    ...{ type: 'counter', labels: ['reason'] },
    pt: 'Chamadas recusadas ou cortadas pelo que ocupam, antes de ser lidas.',
    en: 'Calls refused or cut for what they use, before they are read.',
  },
  kvs_refused_access_total: {
    ...{ type: 'counter', labels: ['reason'], of: 'credenciais' },
    pt: 'Acessos recusados: sem credencial válida, tentativas demais, sem permissão.',
    en: 'Accesses refused: no valid credential, too many attempts, no permission.',
  },
  kvs_store_keys: {
    ...{ type: 'gauge', of: 'memoria' },
    pt: 'Chaves guardadas, mesmo as que só lembram seu contador.',
    en: 'Keys kept, those that only remember their counter included.',
  },
  kvs_store_empty_keys: {
    ...{ type: 'gauge', of: 'memoria' },
    pt: 'Chaves sem nenhuma versão, guardadas só pelo contador.',
    en: 'Keys without any version, kept for their counter alone.',
  },
  kvs_store_versions: {
    ...{ type: 'gauge', of: 'memoria' },
    pt: 'Versões guardadas, de todas as chaves.',
    en: 'Versions kept, of all keys.',
  },
  kvs_store_bytes: {
    ...{ type: 'gauge', of: 'memoria' },
    pt: 'Memória estimada de chaves e valores.',
    en: 'Estimated memory of keys and values.',
  },
  kvs_store_expiring_versions: {
    ...{ type: 'gauge', of: 'memoria' },
    pt: 'Versões com prazo, vencido ou não.',
    en: 'Versions with a time to live, over or not.',
  },
  kvs_store_floors: {
    ...{ type: 'gauge', of: 'memoria' },
    pt: 'Partes do espaço de chaves que têm piso: chaves vazias foram esquecidas ali.',
    en: 'Parts of the key space that have a floor: empty keys were forgotten there.',
  },
  kvs_store_origins: {
    ...{ type: 'gauge', of: 'memoria' },
    pt: 'Aberturas de servidores que já escreveram.',
    en: 'Starts of servers that have ever written.',
  },
  kvs_limit_used: {
    ...{ type: 'gauge', labels: ['limit'] },
    pt: 'Quanto se usa de cada limite; de `versoes`, pela chave que tem mais.',
    en: 'What is used of each limit; of `versoes`, by the key that has most.',
  },
  kvs_limit_max: {
    ...{ type: 'gauge', labels: ['limit'] },
    pt: 'O limite, a partir do qual escritas são recusadas.',
    en: 'The limit, from which on writes are refused.',
  },
  kvs_limit_refused_total: {
    ...{ type: 'counter', labels: ['limit'] },
    pt: 'Escritas recusadas por um limite.',
    en: 'Writes refused for a limit.',
  },
  kvs_watches: {
    type: 'gauge',
    pt: 'Observações abertas.',
    en: 'Watches that are open.',
  },
  kvs_watch_events_total: {
    type: 'counter',
    pt: 'Acontecimentos que quem observa recebeu.',
    en: 'Events that watchers got.',
  },
  kvs_watch_slow_readers_total: {
    type: 'counter',
    pt: 'Observações encerradas porque quem observa não lia a tempo.',
    en: 'Watches ended since their readers were too slow.',
  },
  kvs_watch_queued_bytes: {
    type: 'gauge',
    pt: 'Bytes que esperam por quem observa.',
    en: 'Bytes that wait for watchers.',
  },
  kvs_certificate_expiry_timestamp_seconds: {
    ...{ type: 'gauge', of: 'tls' },
    pt: 'Quando vence o certificado deste servidor, em segundos desde 1970.',
    en: 'When the certificate of this server expires, in seconds since 1970.',
  },
} as const satisfies MetricFamilies;
