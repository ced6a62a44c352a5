/**
 * Sorts and filters the table of services in place, by the same rules as the server, and keeps the page's address in step.
 * Plain JavaScript for browsers; without it links and the form ask the server. Nothing is ever written as markup.
 */
export const SCRIPT: string = `(() => {
  const table = document.getElementById('by-service');
  const field = document.getElementById('filter');
  const status = document.getElementById('shown');
  if (!table || !field || !status) return;
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const keyOf = (row, at) => {
    if (at === 0) return row.cells[0].textContent;
    const value = row.cells[at].querySelector('data');
    return value ? Number(value.value) : undefined;
  };
  const compare = (a, b) => (a < b ? -1 : Number(a > b));
  const sort = (at, sign) => {
    const rows = [...body.rows].map((row) => ({ row, name: keyOf(row, 0), key: keyOf(row, at) }));
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
  const remember = (name, value) => {
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
  const turn = (head, at) => {
    const link = head.querySelector('a');
    const [query, fragment] = link.getAttribute('href').split('#');
    const asked = new URLSearchParams(query);
    const word = asked.get('sort');
    const isDescending = word.startsWith('-');
    sort(at, isDescending ? -1 : 1);
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
    remember('sort', word);
  };
  heads.forEach((head, at) => {
    head.querySelector('a').addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      turn(head, at);
    });
  });
  const apply = () => {
    filter();
    remember('filter', field.value.trim());
  };
  field.addEventListener('input', apply);
  field.form.addEventListener('submit', (event) => {
    event.preventDefault();
    apply();
  });
})();`;
