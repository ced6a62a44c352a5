// `npm start` shows the demo; with arguments it is the program itself.
if (process.argv.length === 2) process.argv.push('demo');
await import('../src/cli/main.ts');
