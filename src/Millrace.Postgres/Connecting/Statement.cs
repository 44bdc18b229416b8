using Npgsql;

namespace Millrace.Postgres.Connecting;

/// <summary>One statement of a batch.</summary>
/// <param name="Name">The file it is in.</param>
/// <param name="Values">Its values, in the order of their numbers.</param>
internal readonly record struct Statement(string Name, params NpgsqlParameter[] Values)
{
    public NpgsqlBatchCommand ToCommand(SqlText sql)
    {
        var command = new NpgsqlBatchCommand(sql.Read(Name));
        foreach (var value in Values) command.Parameters.Add(value);
        return command;
    }
}
