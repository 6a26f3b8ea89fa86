import { effect, signal } from '@preact/signals';

export type Language = 'pt' | 'en';
/** `system`: as the machine has it. */
export type Theme = 'system' | 'light' | 'dark';

const LANGUAGE_KEY = 'kvs.language';
const THEME_KEY = 'kvs.theme';

/** What a page remembers on this machine: how it looks, and never who is looking. */
function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // Browsers may forbid it: the choice then lasts as long as the page.
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

function firstLanguage(): Language {
  const chosen = remembered(LANGUAGE_KEY);
  if (chosen === 'pt' || chosen === 'en') return chosen;
  return navigator.language.toLowerCase().startsWith('pt') ? 'pt' : 'en';
}

function firstTheme(): Theme {
  const chosen = remembered(THEME_KEY);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

/** The language of the page: the reader's choice, else the browser's. */
export const language = signal<Language>(firstLanguage());
export const theme = signal<Theme>(firstTheme());

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  remember(LANGUAGE_KEY, chosen);
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  remember(THEME_KEY, chosen);
}

effect(() => {
  document.documentElement.lang = language.value === 'pt' ? 'pt-BR' : 'en';
});
effect(() => {
  // The style sheet asks the machine where the attribute is missing.
  if (theme.value === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
});
