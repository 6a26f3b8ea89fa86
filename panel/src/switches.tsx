import { chooseLanguage, chooseTheme, language, theme } from './preferences.js';
import type { Language, Theme } from './preferences.js';
import { say } from './text.js';

/** What the reader chooses of how the page looks: its language and its colours. */
export function Switches() {
  const themes: readonly (readonly [Theme, string])[] = [
    ['system', say('do sistema', 'as the system')],
    ['light', say('claro', 'light')],
    ['dark', say('escuro', 'dark')],
  ];
  return (
    <div class="switches">
      <label>
        <span class="quiet">{say('Tema', 'Theme')}</span>
        <select
          value={theme.value}
          onChange={({ currentTarget }) => chooseTheme(currentTarget.value as Theme)}
        >
          {themes.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="quiet" lang={say('en', 'pt-BR')}>
          {say('Language', 'Idioma')}
        </span>
        <select
          value={language.value}
          onChange={({ currentTarget }) => chooseLanguage(currentTarget.value as Language)}
        >
          <option value="pt" lang="pt-BR">
            português
          </option>
          <option value="en" lang="en">
            English
          </option>
        </select>
      </label>
    </div>
  );
}
