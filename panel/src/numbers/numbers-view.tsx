import { useState } from 'preact/hooks';
import type { PanelCallsJson, PanelPictureJson, PanelStartJson } from '../../../src/doors/http/panel-json.js';
import { bytes, duration, number, percent, rate, say } from '../text.js';
import { Operations } from './operations.js';
import { Plot } from './plot.js';
import type { Series } from './plot.js';

/** Throughput, latency and what they cost, since the page is open. */
export function NumbersView({
  now,
  begun,
}: {
  readonly now: PanelPictureJson;
  readonly begun: PanelStartJson;
}) {
  const [operation, choose] = useState('');
  return (
    <>
      <h2 class="unseen">{say('Números', 'Numbers')}</h2>
      <p class="quiet">
        {say(
          'Os últimos dez minutos, um ponto por segundo, desde que a página foi aberta.',
          'The last ten minutes, a point a second, since the page was opened.',
        )}
      </p>
      <div class="plots">
        <Plot title={say('Chamadas', 'Calls')} {...{ now, text: rate }} series={callSeries()} />
        <Plot
          title={say('Latência das chamadas', 'Latency of calls')}
          {...{ now, text: duration }}
          series={latencySeries(operation)}
        >
          <label class="field-row">
            <span class="quiet">{say('Operação', 'Operation')}</span>
            <select value={operation} onChange={({ currentTarget }) => choose(currentTarget.value)}>
              <option value="">{say('a mais lenta de todas', 'the slowest of all')}</option>
              {now.chamadas.map((calls) => (
                <option key={nameOf(calls)} value={nameOf(calls)}>
                  {nameOf(calls)}
                </option>
              ))}
            </select>
          </label>
        </Plot>
        {begun.servidor.motor === 'frota' && (
          <>
            <Plot
              title={say('Replicação: mutações', 'Replication: mutations')}
              {...{ now, text: rate }}
              series={mutationSeries()}
            />
            <Plot
              title={say('Replicação: bytes', 'Replication: bytes')}
              {...{ now, text: (value: number) => `${bytes(value)}/s` }}
              series={trafficSeries()}
              counted="bytes"
            />
          </>
        )}
        {now.consenso && (
          <Plot
            title={say('Resposta das réplicas (p99)', 'Answers of replicas (p99)')}
            {...{ now, text: duration }}
            series={memberSeries(now)}
          />
        )}
        {now.lider?.papel === 'lider' && (
          <Plot
            title={say('Sem confirmação dos seguidores', 'Unacknowledged by followers')}
            {...{ now, text: (value: number) => number(value) }}
            series={followerSeries(now)}
            counted="whole"
          />
        )}
        <Plot
          title={say('Processador', 'Processor')}
          {...{ now, text: percent }}
          series={[{ name: 'CPU', hue: 6, valueOf: ({ processo }) => processo.cpu }]}
        />
        <Plot
          title={say('Memória', 'Memory')}
          {...{ now, text: bytes }}
          series={memorySeries()}
          counted="bytes"
        />
        <Plot
          title={say('Atraso do laço de eventos', 'Delay of the event loop')}
          {...{ now, text: duration }}
          series={[
            { name: 'p50', hue: 1, valueOf: ({ processo }) => processo.atraso_p50_ms },
            { name: 'p99', hue: 2, valueOf: ({ processo }) => processo.atraso_p99_ms },
          ]}
        />
      </div>
      <Operations now={now} />
    </>
  );
}

/** Tells operations apart, also for people. */
function nameOf({ porta, operacao }: PanelCallsJson): string {
  return `${porta} ${operacao}`;
}

function callSeries(): readonly Series[] {
  const sum = (of: (calls: PanelCallsJson) => number) => (picture: PanelPictureJson) =>
    picture.chamadas.reduce((total, calls) => total + of(calls), 0);
  return [
    { name: say('todas', 'all'), hue: 1, valueOf: sum(({ por_segundo: n }) => n) },
    { name: say('com erro', 'failed'), hue: 7, valueOf: sum(({ erros_por_segundo: n }) => n) },
  ];
}

function latencySeries(operation: string): readonly Series[] {
  return (['p50_ms', 'p95_ms', 'p99_ms'] as const).map((name, at) => ({
    name: name.slice(0, 3),
    hue: at + 1,
    valueOf: ({ chamadas }) => {
      const of = operation === '' ? chamadas : chamadas.filter((calls) => nameOf(calls) === operation);
      const values = of.flatMap((calls) => calls[name] ?? []);
      return values.length === 0 ? null : Math.max(...values);
    },
  }));
}

function mutationSeries(): readonly Series[] {
  return [
    {
      name: say('enviadas', 'sent'),
      hue: 1,
      valueOf: ({ replicacao }) => replicacao?.mutacoes_enviadas_s ?? null,
    },
    {
      name: say('aplicadas', 'applied'),
      hue: 3,
      valueOf: ({ replicacao }) => replicacao?.mutacoes_aplicadas_s ?? null,
    },
    {
      name: say('consertos', 'repairs'),
      hue: 2,
      valueOf: ({ replicacao }) => replicacao?.reparos_s ?? null,
    },
  ];
}

function trafficSeries(): readonly Series[] {
  return [
    {
      name: say('enviados', 'sent'),
      hue: 1,
      valueOf: ({ replicacao }) => replicacao?.bytes_enviados_s ?? null,
    },
    {
      name: say('recebidos', 'received'),
      hue: 3,
      valueOf: ({ replicacao }) => replicacao?.bytes_recebidos_s ?? null,
    },
  ];
}

function memorySeries(): readonly Series[] {
  return [
    { name: say('processo', 'process'), hue: 1, valueOf: ({ processo }) => processo.memoria_bytes },
    { name: 'heap', hue: 3, valueOf: ({ processo }) => processo.heap_bytes },
    { name: say('dados', 'data'), hue: 2, valueOf: ({ dados }) => dados.bytes },
  ];
}

function memberSeries({ consenso }: PanelPictureJson): readonly Series[] {
  return (consenso?.membros ?? []).map(({ endereco }, at) => ({
    name: endereco,
    hue: (at % 8) + 1,
    valueOf: (picture) => picture.consenso?.membros.find((one) => one.endereco === endereco)?.p99_ms ?? null,
  }));
}

function followerSeries({ lider }: PanelPictureJson): readonly Series[] {
  return (lider?.seguidores ?? []).map(({ endereco }, at) => ({
    name: endereco,
    hue: (at % 8) + 1,
    valueOf: (picture) => picture.lider?.seguidores.find((one) => one.endereco === endereco)?.atraso ?? null,
  }));
}
