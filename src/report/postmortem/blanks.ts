/** What people fill in; facts stand before. */
export const BLANKS = `## Impact

_Who noticed what, how many, for how long? What was lost?_

- 

## Causes

_What made it happen, what made it worse, what hid it? Systems and circumstances, not persons._

- Trigger: 
- Root causes: 
- Contributing: 
- Why it was not noticed earlier: 

## What went well

- 

## What went badly

- 

## Where we were lucky

- 

## Action items

| Action | Kind (prevent, detect, mitigate) | Team | Due | Ticket |
| --- | --- | --- | --- | --- |
|  |  |  |  |  |
|  |  |  |  |  |

## Lessons

- 
`;
