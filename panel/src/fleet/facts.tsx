import type { PanelPictureJson } from '../../../src/doors/http/panel-json.js';
import { bytes, duration, number, percent, rate, say } from '../text.js';

/** The few numbers that tell how it goes, each in its place. */
export function Facts({ now }: { readonly now: PanelPictureJson }) {
  const calls = now.chamadas.reduce((sum, { por_segundo: n }) => sum + n, 0);
  const errors = now.chamadas.reduce((sum, { erros_por_segundo: n }) => sum + n, 0);
  const slowest = now.chamadas.reduce((most, { p99_ms: ms }) => Math.max(most, ms ?? 0), 0);
  const facts: readonly (readonly [name: string, value: string, more?: string])[] = [
    [say('Chaves', 'Keys'), number(now.dados.chaves)],
    [say('Versões', 'Versions'), number(now.dados.versoes)],
    [say('Dados', 'Data'), bytes(now.dados.bytes)],
    [
      say('Chamadas', 'Calls'),
      rate(calls),
      errors > 0 ? say(`${rate(errors)} com erro`, `${rate(errors)} failed`) : undefined,
    ],
    [say('Latência p99', 'Latency p99'), slowest > 0 ? duration(slowest) : '—'],
    [say('Processador', 'Processor'), percent(now.processo.cpu)],
    [say('Memória', 'Memory'), bytes(now.processo.memoria_bytes)],
  ].map((fact) => fact as [string, string, string?]);
  return (
    <dl class="facts">
      {facts.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {more !== undefined && <span class="bad-text fact-more">{more}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** In a sentence: whether all servers hold the same. */
export function Agreement({ now, engine }: { readonly now: PanelPictureJson; readonly engine: string }) {
  const servers = now.servidores.filter(({ replica }) => !replica).length;
  if (now.divergiu) {
    return (
      <p class="verdict bad">
        {say(
          'Servidores com as mesmas mutações têm conteúdo diferente. Isto nunca deveria acontecer: veja os eventos.',
          'Servers with the same mutations hold different content. This must never be: see the events.',
        )}
      </p>
    );
  }
  if (engine === 'consenso') {
    return now.consenso?.maioria === true ? (
      <p class="verdict good">
        {say(
          'A maioria das réplicas responde: toda leitura vê toda escrita confirmada antes.',
          'A majority of the replicas answers: every read sees every write acknowledged before.',
        )}
      </p>
    ) : (
      <p class="verdict bad">
        {say(
          'Sem maioria: nada é gravado, e só leituras locais respondem. Inicie as réplicas que faltam (./replica.sh).',
          'No majority: nothing is written, and only local reads answer. Start the missing replicas (./replica.sh).',
        )}
      </p>
    );
  }
  if (engine === 'particoes') {
    return now.de_acordo ? (
      <p class="verdict good">
        {say(
          'Toda partição tem um mestre e os nós respondem.',
          'Every partition has a master, and the nodes answer.',
        )}
      </p>
    ) : (
      <p class="verdict warn">
        {say(
          'Faltam nós: as partições sem mestre esperam por ele (./particoes.sh inicia).',
          'Nodes are missing: partitions without a master wait for one (./particoes.sh inicia).',
        )}
      </p>
    );
  }
  if (!now.de_acordo) {
    return (
      <p class="verdict warn">
        {say(
          'Neste instante os servidores não têm todos o mesmo: mutações a caminho, ou alguém sem contato.',
          'Right now the servers do not all hold the same: mutations are on their way, or one is out of touch.',
        )}
      </p>
    );
  }
  return servers < 2 ? (
    <p class="verdict">
      {engine === 'frota'
        ? say(
            'Só este servidor. Inicie outro com ./server.sh 9001: ele entra na frota sozinho.',
            'This server alone. Start another with ./server.sh 9001: it joins by itself.',
          )
        : say('Só este servidor.', 'This server alone.')}
    </p>
  ) : (
    <p class="verdict good">
      {say(
        `De acordo: os ${number(servers)} servidores têm o mesmo conteúdo.`,
        `In agreement: all ${number(servers)} servers hold the same content.`,
      )}
    </p>
  );
}
