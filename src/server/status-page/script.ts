/** Sorts and filters the table of services in place, by the same rules as the server, and keeps the page's address in step. */
const SORT_AND_FILTER = `(() => {
  const table = document.getElementById('by-service');
  const field = document.getElementById('filter');
  const status = document.getElementById('shown');
  if (!table || !field || !status) return;
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const keyOf = (row, index) => {
    if (index === 0) return row.cells[0].textContent;
    const value = row.cells[index].querySelector('data');
    return value ? Number(value.value) : undefined;
  };
  const compare = (a, b) => (a < b ? -1 : Number(a > b));
  const sort = (index, sign) => {
    const rows = [...body.rows].map((row) => ({ row, name: keyOf(row, 0), key: keyOf(row, index) }));
    rows.sort((a, b) => {
      if (a.key === b.key) return compare(a.name, b.name);
      if (a.key === undefined) return 1;
      return b.key === undefined ? -1 : sign * compare(a.key, b.key);
    });
    body.append(...rows.map(({ row }) => row));
  };
  const filter = () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of body.rows) {
      row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
      shown += Number(!row.hidden);
    }
    status.textContent = shown + ' of ' + body.rows.length + ' services';
  };
  const keepInAddress = (name, value) => {
    for (const link of document.querySelectorAll('a[href^="?"]')) {
      const query = new URLSearchParams(link.getAttribute('href').split('#')[0]);
      if (name === 'sort' && table.contains(link)) continue;
      if (value === '') query.delete(name);
      else query.set(name, value);
      link.setAttribute('href', '?' + query + '#' + link.getAttribute('href').split('#')[1]);
    }
    const address = new URL(location.href);
    if (value === '') address.searchParams.delete(name);
    else address.searchParams.set(name, value);
    history.replaceState(null, '', address);
  };
  const sortBy = (head, index) => {
    const link = head.querySelector('a');
    const [query, fragment] = link.getAttribute('href').split('#');
    const word = new URLSearchParams(query).get('sort');
    const isDescending = word.startsWith('-');
    sort(index, isDescending ? -1 : 1);
    for (const other of heads) {
      const isName = other === heads[0];
      const otherLink = other.querySelector('a');
      const otherQuery = new URLSearchParams(otherLink.getAttribute('href').split('#')[0]);
      const name = otherQuery.get('sort').replace(/^-/, '');
      const next = other === head ? !isDescending : !isName;
      otherQuery.set('sort', (next ? '-' : '') + name);
      otherLink.setAttribute('href', '?' + otherQuery + '#' + fragment);
      other.removeAttribute('aria-sort');
    }
    head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
    keepInAddress('sort', word);
  };
  heads.forEach((head, index) => {
    head.querySelector('a').addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      sortBy(head, index);
    });
  });
  const apply = () => {
    filter();
    keepInAddress('filter', field.value.trim());
  };
  field.addEventListener('input', apply);
  field.form.addEventListener('submit', (event) => {
    event.preventDefault();
    apply();
  });
})();`;

/**
 * Loads the page again every minute, but only while it is visible and nobody works with it; what the browser does not
 * restore by itself (keyboard focus, opened details, tables scrolled sideways) is restored from the session's storage.
 */
const REFRESH = `(() => {
  const EVERY_MS = 60000;
  const IDLE_MS = 10000;
  const box = document.getElementById('refresh');
  const load = (storage, key) => {
    try {
      return window[storage].getItem(key);
    } catch {
      return null;
    }
  };
  const save = (storage, key, value) => {
    try {
      window[storage].setItem(key, value);
    } catch {}
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  box.checked = load('localStorage', 'mttr-refresh') !== 'off';
  box.parentElement.hidden = false;
  box.addEventListener('change', () => save('localStorage', 'mttr-refresh', box.checked ? 'on' : 'off'));

  const focusSelector = () => {
    const element = document.activeElement;
    if (!element || !element.matches(':focus-visible')) return '';
    const href = element.getAttribute('href');
    if (element.id) return '#' + CSS.escape(element.id);
    return href ? 'a[href="' + CSS.escape(href) + '"]' : '';
  };
  const restore = ({ focus, open, left }) => {
    all('details').forEach((one, index) => { one.open = open[index] === true; });
    all('.scroll').forEach((one, index) => { one.scrollLeft = left[index] || 0; });
    const element = focus && document.querySelector(focus);
    if (!element) return;
    element.focus({ preventScroll: true });
    if (element.type === 'search') element.setSelectionRange(element.value.length, element.value.length);
  };
  const before = load('sessionStorage', 'mttr-before-refresh');
  save('sessionStorage', 'mttr-before-refresh', '');
  if (before) restore(JSON.parse(before));

  let usedAtMs = -Infinity;
  let isLeaving = false;
  for (const type of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'scroll', 'touchmove'])
    addEventListener(type, () => { usedAtMs = performance.now(); }, { capture: true, passive: true });
  const isDue = () =>
    box.checked &&
    document.visibilityState === 'visible' &&
    performance.now() >= Math.max(EVERY_MS, usedAtMs + IDLE_MS) &&
    String(getSelection()) === '';
  setInterval(() => {
    if (isLeaving || !isDue()) return;
    isLeaving = true;
    const left = all('.scroll').map(({ scrollLeft }) => scrollLeft);
    const open = all('details').map((one) => one.open);
    save('sessionStorage', 'mttr-before-refresh', JSON.stringify({ focus: focusSelector(), open, left }));
    location.reload();
  }, 1000);
})();`;

/** The page's own script: plain JavaScript for browsers, without which links and the form ask the server. Nothing is ever written as markup. */
export const SCRIPT: string = `${SORT_AND_FILTER}
${REFRESH}`;
