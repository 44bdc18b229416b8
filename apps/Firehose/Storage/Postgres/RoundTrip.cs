using System.Diagnostics.Metrics;
using Firehose.Monitoring;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>Statements that go to the server together and whose answers come back together.</summary>
internal sealed class RoundTrip
{
    private static readonly Meter Meter = new(FirehoseActivity.MeterName);
    private static readonly Counter<long> Statements = Meter.CreateCounter<long>("firehose.sql.statements", "{statement}", "Statements sent to PostgreSQL.");
    private static readonly Counter<long> RoundTrips = Meter.CreateCounter<long>("firehose.sql.round_trips", "{round trip}", "Round trips to PostgreSQL.");

    private readonly List<NpgsqlBatchCommand> _statements = [];
    private readonly List<Action<NpgsqlDataReader>> _rows = [];

    /// <summary>Adds the statement `Sql/name.sql`, which returns no rows.</summary>
    public void Add(string name, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var statement = new NpgsqlBatchCommand(PostgresSql.Text(name));
        foreach (var parameter in parameters) statement.Parameters.Add(parameter);
        _statements.Add(statement);
    }

    /// <summary>Adds the statement `Sql/name.sql`; <paramref name="row"/> gets each row it returns.</summary>
    public void Add(string name, Action<NpgsqlDataReader> row, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        Add(name, parameters);
        _rows.Add(row);
    }

    /// <summary>
    /// Goes and comes back; without statements it stays here. Once sent it is awaited, for no longer than a command may take: a connection of
    /// Npgsql 10.0.3 loses its step when a batch is cancelled whose statements are just being prepared.
    /// </summary>
    public async ValueTask RunAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        if (_statements.Count == 0) return;
        stopping.ThrowIfCancellationRequested();
        Statements.Add(_statements.Count);
        RoundTrips.Add(1);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in _statements) batch.BatchCommands.Add(statement);
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        // Statements without rows have no result of their own.
        foreach (var row in _rows)
        {
            while (await reader.ReadAsync(CancellationToken.None)) row(reader);
            await reader.NextResultAsync(CancellationToken.None);
        }
        // The last statements may still fail.
        while (await reader.NextResultAsync(CancellationToken.None))
        {
        }
    }
}
