import type { MetricFamilies } from './family.js';

/** What the other engines and the portal have. */
export const OTHER_FAMILIES = {
  kvs_replicas_majority: {
    ...{ type: 'gauge', of: 'consenso' },
    pt: '1 se uma maioria das réplicas respondeu há pouco.',
    en: '1 if a majority of the replicas answered lately.',
  },
  kvs_replica_reachable: {
    ...{ type: 'gauge', labels: ['replica'], of: 'consenso' },
    pt: '1 se esta réplica respondeu da última vez, com ou sem líder.',
    en: '1 if this replica answered last time, with a leader or without.',
  },
  kvs_replica_attempts_total: {
    ...{ type: 'counter', labels: ['replica', 'result'], of: 'consenso' },
    pt: 'Pedidos a cada réplica, por resultado.',
    en: 'Requests to each replica, by result.',
  },
  kvs_replica_duration_seconds: {
    ...{ type: 'histogram', labels: ['replica'], of: 'consenso' },
    pt: 'Quanto cada réplica demora a responder.',
    en: 'How long each replica takes to answer.',
  },
  kvs_consensus_conflicts_total: {
    ...{ type: 'counter', of: 'consenso' },
    pt: 'Escritas repetidas porque outra mudou a mesma chave antes.',
    en: 'Writes tried again because another changed the same key before.',
  },
  kvs_consensus_cached_heads: {
    ...{ type: 'gauge', of: 'consenso' },
    pt: 'Chaves cujo estado é lembrado para escrever sem perguntar antes.',
    en: 'Keys whose state is remembered, to write without asking first.',
  },
  kvs_consensus_revision: {
    ...{ type: 'gauge', of: 'consenso' },
    pt: 'A maior revisão que alguma réplica disse.',
    en: 'The greatest revision that any replica told.',
  },
  kvs_partitions_whole: {
    ...{ type: 'gauge', of: 'particoes' },
    pt: '1 se toda partição tem um mestre que respondeu há pouco.',
    en: '1 if every partition has a master that answered lately.',
  },
  kvs_partition_node_reachable: {
    ...{ type: 'gauge', labels: ['node'], of: 'particoes' },
    pt: '1 se este nó do Redis Cluster respondeu há pouco.',
    en: '1 if this node of the Redis Cluster answered lately.',
  },
  kvs_partition_node_attempts_total: {
    ...{ type: 'counter', labels: ['node', 'result'], of: 'particoes' },
    pt: 'Pedidos a cada nó, por resultado.',
    en: 'Requests to each node, by result.',
  },
  kvs_partition_node_duration_seconds: {
    ...{ type: 'histogram', labels: ['node'], of: 'particoes' },
    pt: 'Quanto cada nó demora a responder.',
    en: 'How long each node takes to answer.',
  },
  kvs_leader_role: {
    ...{ type: 'gauge', labels: ['role'], of: 'lider' },
    pt: '1 no papel que este servidor tem: `lider` ou `seguidor`.',
    en: '1 for the role that this server has: `lider` or `seguidor`.',
  },
  kvs_leader_followers: {
    ...{ type: 'gauge', of: 'lider' },
    pt: 'No líder: seguidores configurados.',
    en: 'On the leader: followers configured.',
  },
  kvs_leader_followers_current: {
    ...{ type: 'gauge', of: 'lider' },
    pt: 'No líder: seguidores em dia.',
    en: 'On the leader: followers that are up to date.',
  },
  kvs_leader_follower_lag_mutations: {
    ...{ type: 'gauge', labels: ['follower'], of: 'lider' },
    pt: 'No líder: escritas que um seguidor ainda não confirmou.',
    en: 'On the leader: writes that a follower has not acknowledged.',
  },
  kvs_leader_window_mutations: {
    ...{ type: 'gauge', labels: ['follower'], of: 'lider' },
    pt: 'No líder: escritas a caminho de um seguidor.',
    en: 'On the leader: writes under way to a follower.',
  },
  kvs_leader_window_bytes: {
    ...{ type: 'gauge', labels: ['follower'], of: 'lider' },
    pt: 'No líder: bytes delas.',
    en: 'On the leader: their bytes.',
  },
  kvs_leader_waiting_writes: {
    ...{ type: 'gauge', of: 'lider' },
    pt: 'No líder: escritas que esperam todos os seguidores.',
    en: 'On the leader: writes that wait for all followers.',
  },
  kvs_follower_connected: {
    ...{ type: 'gauge', of: 'lider' },
    pt: 'Num seguidor: 1 se está em dia com o líder.',
    en: 'On a follower: 1 if it is up to date with the leader.',
  },
  kvs_portal_gateway: {
    ...{ type: 'gauge', of: 'portal' },
    pt: '1 no servidor que atende os tópicos do portal.',
    en: '1 on the server that serves the topics of the portal.',
  },
  kvs_portal_queued_messages: {
    ...{ type: 'gauge', labels: ['direction'], of: 'portal' },
    pt: 'Mensagens do portal que esperam: `chegando` ou `saindo`.',
    en: 'Messages of the portal that wait: `chegando` (coming in) or `saindo` (going out).',
  },
  kvs_mqtt_mirror_topics: {
    ...{ type: 'gauge', of: 'mqtt' },
    pt: 'Chaves que o espelho de MQTT mostra; só no servidor que o publica.',
    en: 'Keys that the mirror of MQTT shows; on the server that publishes it only.',
  },
  kvs_mqtt_mirror_bytes: {
    ...{ type: 'gauge', of: 'mqtt' },
    pt: 'Bytes do que o espelho mostra, com o que um broker guarda junto.',
    en: 'Bytes of what the mirror shows, with what a broker keeps beside it.',
  },
  kvs_mqtt_mirror_waiting_topics: {
    ...{ type: 'gauge', of: 'mqtt' },
    pt: 'Tópicos do espelho que esperam a vez.',
    en: 'Topics of the mirror that wait for their turn.',
  },
  kvs_mqtt_mirror_full: {
    ...{ type: 'gauge', of: 'mqtt' },
    pt: '1 se há chaves que o espelho não mostra porque não cabem.',
    en: '1 if there are keys that the mirror does not show because there is no room.',
  },
  kvs_mqtt_mirror_keys_without_topic: {
    ...{ type: 'gauge', of: 'mqtt' },
    pt: 'Chaves que o broker não leva como tópico: fundas demais, longas demais ou recusadas.',
    en: 'Keys that the broker does not carry as topics: too deep, too long, or refused.',
  },
  kvs_mqtt_mirror_published_total: {
    ...{ type: 'counter', of: 'mqtt' },
    pt: 'Valores e remoções que o espelho publicou.',
    en: 'Values and removals that the mirror published.',
  },
  kvs_mqtt_mirror_failed_total: {
    ...{ type: 'counter', of: 'mqtt' },
    pt: 'Desses, os que o broker não aceitou, ou não se sabe.',
    en: 'Of these, those that the broker did not take, or nobody knows.',
  },
  kvs_mqtt_mirror_corrected_total: {
    ...{ type: 'counter', of: 'mqtt' },
    pt: 'Mensagens de outros nos tópicos do espelho, que ele corrigiu.',
    en: 'Messages of others on the topics of the mirror, which it corrected.',
  },
  kvs_mqtt_mirror_walks_total: {
    ...{ type: 'counter', of: 'mqtt' },
    pt: 'Vezes que o espelho comparou todas as chaves com o broker.',
    en: 'Times that the mirror compared all keys with the broker.',
  },
} as const satisfies MetricFamilies;
