<?php
// Answers lines by the wrapper of docs/ffi.md: see languages.py.
declare(strict_types=1);

require $argv[1] . '/doorward.php';

function failure_of(Doorward $engine, string $operation, array $request): array
{
    try {
        return $engine->call($operation, $request);
    } catch (DoorwardError $error) {
        return $error->body;
    }
}

function logged(string $config): array
{
    $records = [];
    $engine = new Doorward($config, log: function (int $level, array $record) use (&$records): void {
        $records[] = ['level' => $level, 'code' => $record['code']];
        throw new RuntimeException('a hook that fails');
    });
    failure_of($engine, 'verify', ['token' => 'x']);
    $engine->close();
    return ['records' => $records];
}

function forked(Doorward $engine): array
{
    [$read, $write] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    if (pcntl_fork() === 0) {
        fwrite($write, json_encode(failure_of($engine, 'stats', [])) . "\n");
        exit;
    }
    pcntl_wait($status);
    return json_decode(fgets($read), true);
}

$engine = null;

$ask = function (string $operation, array|string $request, ?int $now) use (&$engine): array {
    if ($engine && $now !== null) {
        $engine->setNow($now);
    }
    switch ($operation) {
        case 'open':
            $engine = new Doorward($request, nowMs: $now);
            gc_collect_cycles(); // what the engine needs must survive
            return [];
        case 'close':
            $engine->close();
            return [];
        case 'log':
            return logged($request);
        case 'fork':
            return forked($engine);
        default:
            return $engine->call($operation, $request);
    }
};

while (($line = fgets(STDIN)) !== false) {
    $given = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
    try {
        $answer = ['status' => 0, 'response' => $ask($given['operation'], $given['request'], $given['now_ms'] ?? null)];
    } catch (DoorwardError $error) {
        $answer = ['status' => $error->status, 'response' => $error->body];
    }
    fwrite(STDOUT, json_encode($answer, JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION) . "\n");
}
