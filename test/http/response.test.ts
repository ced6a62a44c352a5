import { describe, expect, it } from 'vitest';
import { parseRateLimit } from '../../src/http/response.ts';
import { START_MS } from './setup.ts';

const inSeconds = (seconds: number) => new Date(START_MS + seconds * 1000).toUTCString();

describe('the rate limit headers of a response', () => {
  it.each([
    { says: 'Retry-After in seconds', status: 429, headers: { 'retry-after': '7' }, waitMs: 7000 },
    {
      says: 'Retry-After as a date, by our clock',
      status: 429,
      headers: { 'retry-after': inSeconds(9) },
      waitMs: 9000,
    },
    {
      says: "Retry-After as a date, by the platform's own clock where the response has a date",
      status: 429,
      headers: { 'retry-after': inSeconds(1205), date: inSeconds(1200) },
      waitMs: 5000,
    },
    { says: 'a date that has passed', status: 429, headers: { 'retry-after': inSeconds(-9) }, waitMs: undefined },
    {
      says: 'nonsense',
      status: 429,
      headers: { 'retry-after': 'soon', 'ratelimit-reset': 'later' },
      waitMs: undefined,
    },
    {
      says: "a reset as an epoch, by the platform's own clock where the response has a date",
      status: 429,
      headers: { 'ratelimit-reset': String(START_MS / 1000 + 7205), date: inSeconds(7200) },
      waitMs: 5000,
    },
    {
      says: 'a reset as an epoch that has passed',
      status: 429,
      headers: { 'ratelimit-reset': String(START_MS / 1000 - 5) },
      waitMs: undefined,
    },
    { says: "PagerDuty's reset in seconds", status: 429, headers: { 'ratelimit-reset': '12' }, waitMs: 12_000 },
    {
      says: 'Retry-After before the reset',
      status: 429,
      headers: { 'retry-after': '3', 'ratelimit-reset': '12' },
      waitMs: 3000,
    },
    {
      says: "Opsgenie's period in seconds",
      status: 429,
      headers: { 'x-ratelimit-period-in-sec': '60' },
      waitMs: 60_000,
    },
    {
      says: "Opsgenie's period by name",
      status: 429,
      headers: { 'x-ratelimit-period-in-sec': 'MINUTE' },
      waitMs: 60_000,
    },
    {
      says: "Opsgenie's second by name",
      status: 429,
      headers: { 'x-ratelimit-period-in-sec': 'second' },
      waitMs: 1000,
    },
    { says: 'a 503 with Retry-After', status: 503, headers: { 'retry-after': '20' }, waitMs: 20_000 },
    {
      says: 'a reset while requests are left',
      status: 200,
      headers: { 'ratelimit-remaining': '1', 'ratelimit-reset': '12' },
      waitMs: undefined,
    },
    {
      says: 'a reset when none is left',
      status: 200,
      headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '12' },
      waitMs: 12_000,
    },
    {
      says: 'THROTTLED with a period',
      status: 200,
      headers: { 'x-ratelimit-state': 'THROTTLED', 'x-ratelimit-period-in-sec': '1' },
      waitMs: 1000,
    },
    {
      says: 'a period while all is well',
      status: 200,
      headers: { 'x-ratelimit-state': 'OK', 'x-ratelimit-period-in-sec': '60' },
      waitMs: undefined,
    },
  ])('give the wait: $says', ({ status, headers, waitMs }) => {
    const info = parseRateLimit({ status, headers, nowMs: START_MS });

    expect(info.waitMs).toBe(waitMs);
  });

  it.each([
    { headers: { 'ratelimit-remaining': '41' }, remaining: 41 },
    { headers: { 'x-ratelimit-remaining': '7' }, remaining: 7 },
    { headers: { 'ratelimit-remaining': 'many' }, remaining: undefined },
    { headers: {}, remaining: undefined },
  ])('give $remaining requests left: $headers', ({ headers, remaining }) => {
    expect(parseRateLimit({ status: 200, headers, nowMs: START_MS }).remaining).toBe(remaining);
  });
});
