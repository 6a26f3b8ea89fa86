/** What the panel is told, as lines of JSON. */
import type { Caller } from '../../call/admission.js';
import type { Capabilities } from '../../ports/engine.js';
import type {
  CallFigures,
  ConsensusFigures,
  DepartedServer,
  FaultFigures,
  LatencyFigures,
  LeadershipFigures,
  MemberFigures,
  Panel,
  PanelEvent,
  PanelPeer,
  PanelPicture,
  ReplicationFigures,
} from '../../ports/panel.js';
import type {
  PanelCallerJson,
  PanelCallsJson,
  PanelConsensusJson,
  PanelDepartedJson,
  PanelEventJson,
  PanelLaboratoryJson,
  PanelLeaderJson,
  PanelLineJson,
  PanelMemberJson,
  PanelPeerJson,
  PanelPictureJson,
  PanelReplicationJson,
  PanelStartJson,
} from './panel-json.js';
import type { PanelRow } from './panel-operation.js';

/** Writes lines; a picture is written once, however many look at it. */
export class PanelLines {
  /** Those of administrators, and those of others: keys are named only to the first. */
  private readonly written = [
    new WeakMap<PanelPicture, string>(),
    new WeakMap<PanelPicture, string>(),
  ] as const;

  constructor(private readonly panel: Panel) {}

  lineOf(row: PanelRow, caller: Caller, administers: boolean): string {
    switch (row.kind) {
      case 'start':
        return lineText(this.start(caller));
      case 'events':
        return lineText({ tipo: 'eventos', perdidos: row.lost, eventos: row.events.map(eventJson) });
      case 'picture': {
        const written = this.written[administers ? 0 : 1];
        const known = written.get(row.picture);
        if (known !== undefined) return known;
        const text = lineText(pictureJson(row.picture, administers));
        written.set(row.picture, text);
        return text;
      }
    }
  }

  private start(caller: Caller): PanelStartJson {
    const { server, intervalMs } = this.panel;
    return {
      tipo: 'inicio',
      servidor: {
        nome: server.name,
        endereco: server.address,
        origem: server.origin,
        motor: server.engine,
        frota: server.fleet,
        versao_programa: server.programVersion,
        iniciado_ms: server.startedMs,
      },
      quem: callerJson(caller),
      capacidades: abilitiesJson(caller.engine.capabilities),
      intervalo_ms: intervalMs,
    };
  }
}

/** The line that ends a stream. */
export function panelEndLine(code: string): string {
  return lineText({ tipo: 'fim', codigo: code });
}

function lineText(line: PanelLineJson): string {
  return `${JSON.stringify(line, rounded)}\n`;
}

/** Nobody sees more than thousandths. */
function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Math.round(1_000 * value) / 1_000 : value;
}

function callerJson({ identity }: Caller): PanelCallerJson {
  if (identity === undefined) {
    return {
      ...{ com_credenciais: false, nome: '', papel: null, prefixos: [''] },
      ...{ le: true, escreve: true, administra: true },
    };
  }
  const { name, role, prefixes } = identity;
  const administra = role === 'administracao';
  return {
    ...{ com_credenciais: true, nome: name, papel: role, prefixos: administra ? [''] : prefixes },
    ...{ le: role !== 'servidor', escreve: administra || role === 'escrita', administra },
  };
}

const COMMITS = { everywhere: 'todos', here: 'aqui', none: 'nao' } as const;

function abilitiesJson(can: Capabilities): PanelStartJson['capacidades'] {
  return {
    irmas: can.heads,
    linearizavel: can.linearizable,
    duravel: can.durable,
    expira: can.expires === true,
    compara: can.compares === true,
    observa: can.watches === true,
    lembra_pedidos: can.remembersRequests === true,
    transacoes: COMMITS[can.commits],
  };
}

function pictureJson(picture: PanelPicture, namesKeys: boolean): PanelPictureJson {
  const { broker, replication, consensus, leadership, faults, port } = picture;
  return {
    tipo: 'quadro',
    agora_ms: picture.atMs,
    periodo_ms: Math.round(picture.periodMs),
    de_acordo: picture.agrees,
    divergiu: picture.hasDiverged,
    avisos: picture.warnings,
    broker: broker ? { endereco: broker.address, conectado: broker.isConnected, aqui: broker.isHere } : null,
    servidores: picture.servers.map(peerJson),
    sairam: (picture.departed ?? []).map(departedJson),
    dados: { chaves: picture.keys, versoes: picture.versions, bytes: picture.bytes },
    limites: picture.limits.map(({ name, key = '', used, limit, refused }) => ({
      ...{ nome: name, chave: namesKeys ? key : '', usado: used, maximo: limit, recusados: refused },
    })),
    saude: Array.from(picture.health, ([name, isGood]) => ({ nome: name || 'servidor', bem: isGood })),
    chamadas: picture.calls.map(callsJson),
    porta: {
      conexoes: port.connections,
      chamadas_abertas: port.openCalls,
      observacoes: port.watches,
      paineis: port.panels,
      recusadas: port.refused,
    },
    processo: processJson(picture.process),
    replicacao: replication ? replicationJson(replication) : null,
    consenso: consensus ? consensusJson(consensus) : null,
    lider: leadership ? leaderJson(leadership) : null,
    laboratorio: faults ? laboratoryJson(faults) : null,
  };
}

function peerJson(peer: PanelPeer): PanelPeerJson {
  return {
    nome: peer.name,
    endereco: peer.address,
    origem: peer.origin,
    eu: peer.isSelf,
    replica: peer.isReplica,
    estado: peer.state,
    versao_programa: peer.programVersion,
    atraso: peer.lag,
    visto_ms: peer.seenMs,
    resumo: peer.storeHash,
    resumo_vetor: peer.vectorDigest,
    vetor: peer.recent,
    ouve: peer.hears ?? null,
  };
}

function departedJson({ name, address, origin, programVersion, atMs }: DepartedServer): PanelDepartedJson {
  return {
    ...{ nome: name, endereco: address, origem: origin, versao_programa: programVersion },
    quando_ms: atMs,
  };
}

function callsJson(calls: CallFigures): PanelCallsJson {
  return {
    porta: calls.door,
    operacao: calls.operation,
    total: calls.total,
    erros: calls.errors,
    por_segundo: calls.perSecond,
    erros_por_segundo: calls.errorsPerSecond,
    ...latencyJson(calls.latency),
  };
}

function latencyJson(
  latency: LatencyFigures | undefined,
): Pick<PanelCallsJson, 'p50_ms' | 'p95_ms' | 'p99_ms'> {
  return { p50_ms: latency?.p50 ?? null, p95_ms: latency?.p95 ?? null, p99_ms: latency?.p99 ?? null };
}

function processJson(of: PanelPicture['process']): PanelPictureJson['processo'] {
  return {
    cpu: of.cpu,
    memoria_bytes: of.residentBytes,
    heap_bytes: of.heapBytes,
    heap_max_bytes: of.heapBytesMax,
    atraso_p50_ms: of.delay.p50,
    atraso_p99_ms: of.delay.p99,
    atraso_max_ms: of.delay.max,
  };
}

function replicationJson(of: ReplicationFigures): PanelReplicationJson {
  return {
    lotes_enviados_s: of.sentBatches,
    mutacoes_enviadas_s: of.sentMutations,
    lotes_recebidos_s: of.receivedBatches,
    mutacoes_aplicadas_s: of.appliedMutations,
    lotes_repetidos_s: of.repeatedBatches,
    mensagens_enviadas_s: of.sentMessages,
    mensagens_recebidas_s: of.receivedMessages,
    bytes_enviados_s: of.sentBytes,
    bytes_recebidos_s: of.receivedBytes,
    lotes_esperando: of.waitingBatches,
    reparos_s: of.repairs,
    reparos: of.totalRepairs,
    estados: of.totalStates,
    divergencias: of.totalDivergences,
    reconexoes: of.totalReconnects,
    relogio_adiante_ms: of.clockLeadMs,
  };
}

function consensusJson({
  hasMajority,
  leader,
  term,
  revision,
  members,
}: ConsensusFigures): PanelConsensusJson {
  return {
    ...{ maioria: hasMajority, lider: leader, termo: term, revisao: revision },
    membros: members.map(memberJson),
  };
}

function memberJson(member: MemberFigures): PanelMemberJson {
  return {
    endereco: member.address,
    lidera: member.leads,
    estado: member.state,
    termo: member.term,
    indice: member.appliedIndex,
    bytes: member.databaseBytes,
    versao: member.version,
    ...latencyJson(member.latency),
  };
}

function leaderJson(of: LeadershipFigures): PanelLeaderJson {
  return {
    ...{ papel: of.role, lider: of.leader, inteiro: of.isWhole, esperando: of.waiting },
    janela: { mutacoes: of.window.mutations, bytes: of.window.bytes },
    seguidores: of.followers.map(({ address, isUpToDate, lag, mutations, bytes }) => ({
      ...{ endereco: address, em_dia: isUpToDate, atraso: lag, mutacoes: mutations, bytes },
    })),
  };
}

function laboratoryJson(of: FaultFigures): PanelLaboratoryJson {
  return {
    ...{ isolado: of.isIsolated, volta_ms: of.endsMs, relogio_ms: of.clockMs },
    ...{ perde_entrada_por_mil: of.lostInPerMille, perde_saida_por_mil: of.lostOutPerMille },
  };
}

function eventJson({ number, atMs, level, message, source, fields }: PanelEvent): PanelEventJson {
  return {
    ...{ n: number, quando_ms: atMs, nivel: level },
    ...{ mensagem: message, fonte: source, campos: fields },
  };
}
