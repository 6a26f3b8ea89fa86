/** The style of the page at `/v1`. */
export const TRIAL_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
details { border: 1px solid #8886; border-radius: 6px; margin: .5rem 0; padding: .5rem 1rem; }
summary { cursor: pointer; }
summary code { font-weight: bold; margin-right: .5rem; }
form { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1rem; margin: 1rem 0; align-items: start; }
form button { grid-column: 2; justify-self: start; padding: .3rem 1.2rem; }
label small { display: block; opacity: .7; }
input, textarea { font: inherit; width: 100%; box-sizing: border-box; }
pre { overflow: auto; max-height: 24rem; background: #8882; padding: .6rem; white-space: pre-wrap; word-break: break-word; }
`;
