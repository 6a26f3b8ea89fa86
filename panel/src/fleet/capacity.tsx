import type { PanelPictureJson } from '../../../src/doors/http/panel-json.js';
import { ShownLine } from '../parts/shown.js';
import { bytes, number, percent, plural, say } from '../text.js';
import { limitWord } from '../words.js';

/** From here on a limit deserves a look. */
const NEAR = 0.8;

const IN_BYTES: ReadonlySet<string> = new Set(['bytes', 'espaco']);

/** How much of each limit is used. */
export function Capacity({ now }: { readonly now: PanelPictureJson }) {
  if (now.limites.length === 0) {
    return <p class="quiet">{say('Este motor não diz quanto usa.', 'This engine does not tell.')}</p>;
  }
  return (
    <ul class="limits">
      {now.limites.map(({ nome: name, chave: key, usado: used, maximo: most, recusados: refused }) => {
        const share = most > 0 ? used / most : 0;
        const text = IN_BYTES.has(name) ? bytes : number;
        const word = limitWord(name);
        return (
          <li key={`${name} ${key}`}>
            <span class="limit-name">
              {word} {key !== '' && <ShownLine text={key} chars={40} />}
            </span>
            <meter
              min={0}
              max={most}
              value={used}
              class={share >= NEAR ? 'near' : ''}
              aria-label={word}
              aria-valuetext={percent(share)}
            />
            <span class="quiet num">
              {say(`${text(used)} de ${text(most)}`, `${text(used)} of ${text(most)}`)}
              {refused > 0 && (
                <span class="bad-text">
                  {' '}
                  ·{' '}
                  {plural(
                    refused,
                    ['escrita recusada', 'escritas recusadas'],
                    ['write refused', 'writes refused'],
                  )}
                </span>
              )}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
