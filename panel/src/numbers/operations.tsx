import type { PanelPictureJson } from '../../../src/doors/http/panel-json.js';
import { ScrollBox } from '../parts/scroll-box.js';
import { duration, number, rate, say } from '../text.js';

const ms = (value: number | null): string => (value === null ? '—' : duration(value));

/** Every operation that was called, and how it went. */
export function Operations({ now }: { readonly now: PanelPictureJson }) {
  const { porta: door } = now;
  return (
    <section class="sheet" aria-labelledby="operations-title">
      <h2 id="operations-title">{say('Operações', 'Operations')}</h2>
      <p class="quiet">
        {say(
          `Conexões: ${number(door.conexoes)} · chamadas abertas: ${number(door.chamadas_abertas)} · observações: ${number(door.observacoes)} · painéis: ${number(door.paineis)} · recusadas desde o início: ${number(door.recusadas)}`,
          `Connections: ${number(door.conexoes)} · open calls: ${number(door.chamadas_abertas)} · watches: ${number(door.observacoes)} · panels: ${number(door.paineis)} · refused since the start: ${number(door.recusadas)}`,
        )}
      </p>
      {now.chamadas.length === 0 ? (
        <p class="empty">
          {say(
            'Nenhuma chamada ainda. Grave uma chave na parte Chaves.',
            'No call yet. Write a key in the part Keys.',
          )}
        </p>
      ) : (
        <ScrollBox label={say('Tabela de operações', 'Table of operations')}>
          <table>
            <thead>
              <tr>
                <th scope="col">{say('Operação', 'Operation')}</th>
                <th scope="col" class="num">
                  {say('Agora', 'Now')}
                </th>
                <th scope="col" class="num">
                  {say('Desde o início', 'Since the start')}
                </th>
                <th scope="col" class="num">
                  {say('Erros', 'Errors')}
                </th>
                <th scope="col" class="num">
                  p50
                </th>
                <th scope="col" class="num">
                  p95
                </th>
                <th scope="col" class="num">
                  p99
                </th>
              </tr>
            </thead>
            <tbody>
              {now.chamadas.map((calls) => (
                <tr key={`${calls.porta} ${calls.operacao}`}>
                  <th scope="row">
                    <span class="quiet">{calls.porta}</span> <code>{calls.operacao}</code>
                  </th>
                  <td class="num">{rate(calls.por_segundo)}</td>
                  <td class="num">{number(calls.total)}</td>
                  <td class="num">
                    {calls.erros === 0 ? '0' : <span class="bad-text">{number(calls.erros)}</span>}
                  </td>
                  <td class="num">{ms(calls.p50_ms)}</td>
                  <td class="num">{ms(calls.p95_ms)}</td>
                  <td class="num">{ms(calls.p99_ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollBox>
      )}
    </section>
  );
}
