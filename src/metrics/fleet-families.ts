import type { MetricFamilies } from './family.js';

/** What servers of a fleet have: peers, replication, broker and disk. */
export const FLEET_FAMILIES = {
  kvs_peers: {
    ...{ type: 'gauge', labels: ['state'], of: 'frota' },
    pt: 'Outros servidores que este ouve, por estado.',
    en: 'Other servers that this one hears, by state.',
  },
  kvs_old_peers: {
    ...{ type: 'gauge', of: 'frota' },
    pt: 'Os que são de uma versão anterior do programa: o que só a nova sabe fica desligado.',
    en: 'Those of an earlier version of the program: what only the new one knows stays off.',
  },
  kvs_peer_lag_seconds: {
    ...{ type: 'gauge', labels: ['peer'], of: 'frota' },
    pt: 'Idade da escrita mais antiga deste servidor que o outro ainda não disse ter; até uns 2 s é o intervalo dos anúncios.',
    en: 'Age of the oldest write of this server that the other has not said to have; up to some 2 s is the pace of announcements.',
  },
  kvs_peer_lag_mutations: {
    ...{ type: 'gauge', labels: ['peer'], of: 'frota' },
    pt: 'Escritas deste servidor que o outro ainda não disse ter.',
    en: 'Writes of this server that the other has not said to have.',
  },
  kvs_peer_silence_seconds: {
    ...{ type: 'gauge', labels: ['peer'], of: 'frota' },
    pt: 'Há quanto tempo o outro não se anuncia; depois de 10 s conta como ausente.',
    en: 'How long ago the other announced itself; after 10 s it counts as gone.',
  },
  kvs_replication_sent_batches_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Lotes de escritas deste servidor.',
    en: 'Batches of writes of this server.',
  },
  kvs_replication_sent_mutations_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Escritas deste servidor nesses lotes.',
    en: 'Writes of this server in those batches.',
  },
  kvs_replication_unsent_batches_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Lotes que não foram ao broker, por falta dele ou de lugar na fila: os outros os pedem depois.',
    en: 'Batches that did not go to the broker, for want of it or of room in the queue: others ask for them later.',
  },
  kvs_replication_received_batches_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Lotes dos outros, repetidos ou não.',
    en: 'Batches of others, repeated or not.',
  },
  kvs_replication_applied_mutations_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Escritas dos outros, aplicadas.',
    en: 'Writes of others, applied.',
  },
  kvs_replication_duplicate_batches_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Lotes que este servidor já tinha.',
    en: 'Batches that this server had already.',
  },
  kvs_replication_held_batches_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Lotes que chegaram antes de suas causas e esperaram.',
    en: 'Batches that came before their causes and had to wait.',
  },
  kvs_replication_waiting_batches: {
    ...{ type: 'gauge', of: 'frota' },
    pt: 'Lotes que esperam agora por suas causas.',
    en: 'Batches that wait for their causes now.',
  },
  kvs_replication_dropped_batches_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Lotes que esperavam e foram largados por falta de lugar: serão pedidos de novo.',
    en: 'Batches that waited and were dropped for want of room: they will be asked for again.',
  },
  kvs_repair_requests_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Pedidos a outro servidor do que falta aqui.',
    en: 'Requests to another server for what is missing here.',
  },
  kvs_repair_timeouts_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Desses pedidos, os que ficaram sem resposta.',
    en: 'Those of them that were not answered in time.',
  },
  kvs_repair_batches_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Lotes recebidos em resposta a esses pedidos.',
    en: 'Batches received in answer to them.',
  },
  kvs_state_transfers_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Estados inteiros pedidos a outro servidor.',
    en: 'Whole states asked of another server.',
  },
  kvs_state_transfers_discarded_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Dessas transferências, as descartadas antes do fim.',
    en: 'Those transfers that were discarded before their end.',
  },
  kvs_diverged: {
    ...{ type: 'gauge', of: 'frota' },
    pt: '1 enquanto outro servidor com o mesmo vetor de versões tem outro conteúdo.',
    en: '1 while another server with the same version vector has other content.',
  },
  kvs_divergences_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Quantas vezes isso foi notado.',
    en: 'How often that was noticed.',
  },
  kvs_clock_lead_seconds: {
    ...{ type: 'gauge', of: 'frota' },
    pt: 'Quanto o relógio deste servidor está adiante de todos os outros, se passa do tolerado; senão 0.',
    en: 'How far the clock of this server is ahead of all others, if beyond what is tolerated; else 0.',
  },
  kvs_session_waiters: {
    ...{ type: 'gauge', of: 'frota' },
    pt: 'Chamadas que esperam até este servidor ter o que sua sessão já viu.',
    en: 'Calls that wait until this server has what their session has seen.',
  },
  kvs_confirmation_waiters: {
    ...{ type: 'gauge', of: 'frota' },
    pt: 'Escritas que esperam a confirmação de outros servidores.',
    en: 'Writes that wait to be confirmed by other servers.',
  },
  kvs_remembered_requests: {
    ...{ type: 'gauge', of: 'frota' },
    pt: 'Pedidos cujo resultado é lembrado, para quem os repete.',
    en: 'Requests whose result is remembered, for those who repeat them.',
  },
  kvs_broker_connected: {
    ...{ type: 'gauge', of: 'frota' },
    pt: '1 com conexão com um broker.',
    en: '1 with a connection to a broker.',
  },
  kvs_broker_own: {
    ...{ type: 'gauge', of: 'frota' },
    pt: '1 se o broker embutido está neste processo.',
    en: '1 if the embedded broker is in this process.',
  },
  kvs_broker_reconnects_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Conexões abertas com o broker depois da primeira.',
    en: 'Connections to the broker opened after the first.',
  },
  kvs_broker_unacknowledged_messages: {
    ...{ type: 'gauge', of: 'frota' },
    pt: 'Mensagens que o broker ainda não confirmou.',
    en: 'Messages that the broker has not acknowledged yet.',
  },
  kvs_broker_sent_messages_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Mensagens entregues ao broker.',
    en: 'Messages handed to the broker.',
  },
  kvs_broker_sent_bytes_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Bytes dessas mensagens.',
    en: 'Bytes of those messages.',
  },
  kvs_broker_failed_messages_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Mensagens que o broker recusou ou não confirmou.',
    en: 'Messages that the broker refused or did not acknowledge.',
  },
  kvs_broker_received_messages_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Mensagens dos outros servidores.',
    en: 'Messages of other servers.',
  },
  kvs_broker_received_bytes_total: {
    ...{ type: 'counter', of: 'frota' },
    pt: 'Bytes dessas mensagens.',
    en: 'Bytes of those messages.',
  },
  kvs_broker_dropped_messages_total: {
    ...{ type: 'counter', labels: ['reason'], of: 'frota' },
    pt: 'Mensagens recebidas e descartadas: inválidas, sem selo, repetidas, de outra chave.',
    en: 'Messages received and dropped: invalid, unsealed, repeated, of another key.',
  },
  kvs_broker_other_keys: {
    ...{ type: 'gauge', of: 'frota' },
    pt: '1 enquanto se ouvem servidores desta frota com outra chave, ou sem.',
    en: '1 while servers of this fleet are heard that have another key, or none.',
  },
  kvs_broker_refused_connections_total: {
    ...{ type: 'counter', labels: ['reason'], of: 'frota' },
    pt: 'Conexões recusadas pelo broker embutido, onde está neste processo.',
    en: 'Connections refused by the embedded broker, where it is in this process.',
  },
  kvs_broker_refused_clients_total: {
    ...{ type: 'counter', labels: ['reason'], of: 'frota' },
    pt: 'O que o broker embutido recusou a clientes, onde pede credenciais.',
    en: 'What the embedded broker refused to clients, where it asks for credentials.',
  },
  kvs_journal_healthy: {
    ...{ type: 'gauge', of: 'disco' },
    pt: '0 enquanto o disco recusa gravações.',
    en: '0 while the disk refuses to write.',
  },
  kvs_journal_sync_duration_seconds: {
    ...{ type: 'histogram', of: 'disco' },
    pt: 'Gravações sincronizadas do diário, e quanto demoram; cada uma leva um grupo de escritas.',
    en: 'Synced writes of the journal, and how long they take; each carries a group of writes.',
  },
  kvs_journal_writes_total: {
    ...{ type: 'counter', of: 'disco' },
    pt: 'Escritas deste servidor que estão no disco.',
    en: 'Writes of this server that are on the disk.',
  },
  kvs_journal_received_batches_total: {
    ...{ type: 'counter', of: 'disco' },
    pt: 'Lotes dos outros passados ao diário.',
    en: 'Batches of others given to the journal.',
  },
  kvs_journal_checkpoints_total: {
    ...{ type: 'counter', of: 'disco' },
    pt: 'Estados gravados, cada um no lugar do log até ali.',
    en: 'States written, each in place of the log so far.',
  },
  kvs_journal_failures_total: {
    ...{ type: 'counter', of: 'disco' },
    pt: 'Vezes em que o disco começou a recusar.',
    en: 'How often the disk began to refuse.',
  },
  kvs_journal_queued_writes: {
    ...{ type: 'gauge', of: 'disco' },
    pt: 'Escritas que esperam o disco.',
    en: 'Writes that wait for the disk.',
  },
  kvs_journal_queued_bytes: {
    ...{ type: 'gauge', of: 'disco' },
    pt: 'Memória dessas escritas.',
    en: 'Memory of those writes.',
  },
  kvs_journal_log_bytes: {
    ...{ type: 'gauge', of: 'disco' },
    pt: 'Tamanho do log desde o último estado, em caracteres: é o que uma abertura repete.',
    en: 'Size of the log since the last state, in characters: what a start replays.',
  },
} as const satisfies MetricFamilies;
