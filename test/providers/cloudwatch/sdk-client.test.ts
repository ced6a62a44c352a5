import { describe, expect, it } from 'vitest';
import { classifySdkError, getErrorCode } from '../../../src/providers/cloudwatch/sdk-client.ts';

function sdkError(name: string, status?: number, message = 'said the platform'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
}

describe('an error of the SDK is', () => {
  it.each([
    {
      says: 'throttling, although its status is 400',
      error: sdkError('Throttling', 400),
      retry: true,
      throttled: true,
    },
    { says: 'throttling by its newer name', error: sdkError('ThrottlingException', 400), retry: true, throttled: true },
    { says: 'throttling by its status', error: sdkError('Unknown', 429), retry: true, throttled: true },
    { says: 'worth another try on a 503', error: sdkError('Unknown', 503), retry: true, throttled: false },
    { says: 'worth another try without an answer', error: sdkError('TimeoutError'), retry: true, throttled: false },
    {
      says: 'worth another try when the body is no JSON',
      error: sdkError('SyntaxError', 200),
      retry: true,
      throttled: false,
    },
    { says: 'final on another 400', error: sdkError('ValidationError', 400), retry: false, throttled: false },
    { says: 'final on a 403', error: sdkError('AccessDenied', 403), retry: false, throttled: false },
    { says: 'final without credentials', error: sdkError('CredentialsProviderError'), retry: false, throttled: false },
    { says: 'final when it is no error at all', error: 'text', retry: false, throttled: false },
  ])('$says', ({ error, retry, throttled }) => {
    const verdict = classifySdkError(error);

    expect(verdict).toMatchObject({ retry, throttled });
  });

  it('reported with its name and status, but without the ARNs and addresses in it', () => {
    const message =
      'User: arn:aws:sts::1:assumed-role/ops/ada@example.com may not; ask <bob@example.com> for cloudwatch:X';

    const verdict = classifySdkError(sdkError('AccessDenied', 403, message));

    expect(verdict.status).toBe(403);
    expect(verdict.message).toBe('AccessDenied: User: arn:… may not; ask <…> for cloudwatch:X');
  });

  it('reported without the response that could not be parsed', () => {
    const verdict = classifySdkError(sdkError('SyntaxError', 200, `Unexpected token, "ada" is not valid JSON`));

    expect(verdict.message).toBe('SyntaxError: the answer is not JSON');
  });
});

it('the code of what is no error of the SDK is empty', () => {
  const codes = [undefined, 'text', sdkError('InvalidNextToken', 400)].map(getErrorCode);

  expect(codes).toEqual(['', '', 'InvalidNextToken']);
});
