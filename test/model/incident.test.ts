import { expect, it } from 'vitest';
import { webLink } from '../../src/model/incident.ts';

it.each([
  { text: 'https://acme.pagerduty.com/incidents/Q1', link: 'https://acme.pagerduty.com/incidents/Q1' },
  { text: 'http://127.0.0.1:8080/Q1', link: 'http://127.0.0.1:8080/Q1' },
  { text: 'javascript:alert(1)', link: undefined },
  { text: 'data:text/html,x', link: undefined },
  { text: '//acme.example/Q1', link: undefined },
  { text: '', link: undefined },
  { text: null, link: undefined },
  { text: undefined, link: undefined },
])('of what a platform calls a link, people get one that may be followed: $text', ({ text, link }) => {
  expect(webLink(text)).toBe(link);
});
