import type { PanelPictureJson } from '../../../src/doors/http/panel-json.js';
import { ShownLine } from '../parts/shown.js';
import { plural, say } from '../text.js';

/** What needs attention now. The server says it in Portuguese. */
export function Warnings({ now }: { readonly now: PanelPictureJson }) {
  const sick = now.saude.filter(({ bem, nome }) => !bem && nome !== 'servidor').map(({ nome }) => nome);
  const faults = faultTexts(now);
  const total = now.avisos.length + faults.length + (sick.length > 0 ? 1 : 0);
  return (
    <section aria-label={say('Avisos', 'Warnings')} aria-live="polite" class="warnings">
      {total > 0 && (
        <div class="note warn wide">
          <p class="unseen">{plural(total, ['aviso', 'avisos'], ['warning', 'warnings'])}</p>
          <ul>
            {now.avisos.map((text) => (
              <li key={text} lang="pt-BR">
                <ShownLine text={text} chars={400} />
              </li>
            ))}
            {faults.map((text) => (
              <li key={text}>{text}</li>
            ))}
            {sick.length > 0 && (
              <li>
                {say('A saúde deste servidor não está boa: ', 'The health of this server is not good: ')}
                <code>{sick.join(', ')}</code> (<a href="/saude">/saude</a>)
              </li>
            )}
          </ul>
        </div>
      )}
    </section>
  );
}

function faultTexts({ laboratorio }: PanelPictureJson): string[] {
  if (laboratorio === null) return [];
  const { perde_entrada_por_mil: lostIn, perde_saida_por_mil: lostOut, relogio_ms: movedMs } = laboratorio;
  const texts: string[] = [];
  if (lostIn > 0 || lostOut > 0) {
    texts.push(
      say(
        `Laboratório: este servidor perde de propósito ${lostIn} ‰ do que recebe e ${lostOut} ‰ do que envia.`,
        `Laboratory: on purpose this server loses ${lostIn} ‰ of what it receives and ${lostOut} ‰ of what it sends.`,
      ),
    );
  }
  if (movedMs !== 0) {
    texts.push(
      say(
        `Laboratório: o relógio deste servidor foi movido ${movedMs} ms de propósito.`,
        `Laboratory: the clock of this server was moved by ${movedMs} ms on purpose.`,
      ),
    );
  }
  return texts;
}
